#pragma once

#include <functional>
#include <string>

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

}  // namespace pgupgrade::upgrade
