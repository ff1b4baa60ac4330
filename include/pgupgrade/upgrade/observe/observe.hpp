#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// Looks at the project, the engine and the running servers; changes nothing of theirs (short-lived work
// containers read the images). `say` gets a line per thing looked at.
// Throws Error(usage, …) for what the user named wrongly: E-NO-FILE, E-COMPOSE-…, E-NO-POSTGRES-SERVICE,
// E-SEVERAL-SERVICES (lists them), E-UNKNOWN-SERVICE (lists what there is), E-ENGINE-REMOTE; and
// Error(engine_unreachable).
Facts observe(const Request& request, World& world, const std::string& endpoint,
              const std::function<void(const std::string&)>& say);

// Of each service of the project that is a PostgreSQL server: container, mounts, clusters on them; no server
// is asked. For those who only look.
std::vector<ServiceFacts> observe_states(const ProjectLocation& location, World& world);

// Removes the work containers that an observation left which died on this host. Returns their names.
std::vector<std::string> remove_dead_observations(World& world);

// The project, and after its own files the one in the state root that starts services on the image which
// their data needs, as long as the container of one is made with it.
ProjectLocation with_old_image(const Request& request, World& world);
// Starts the services of `facts` whose image was changed before the data on request.old_image, by that file,
// and waits until their servers accept connections. Nothing of the project's files changes. Returns whether
// there was one. Throws Error(refused, "E-TAG-BUMPED") when the image is not of the data's version, before
// anything is started.
bool start_on_old_image(const Request& request, const Facts& facts, World& world,
                        const std::function<void(const std::string&)>& say);

}  // namespace pgupgrade::upgrade
