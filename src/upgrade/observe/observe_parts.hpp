#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/compose/project.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/postgres/sql.hpp"
#include "pgupgrade/upgrade/run/world.hpp"
#include "upgrade/observe/image_looks.hpp"
#include "upgrade/run/site.hpp"

// The parts of observation: each looks at one side of a target and fills its part of the facts.
namespace pgupgrade::upgrade {

// The services to upgrade, as asked for; `clients` use PostgreSQL's image without a cluster of their own.
// Throws Error(usage) with what there is to choose from.
std::vector<std::string> choose_services(const Request& request, const compose::Project& project,
                                         const std::vector<std::string>& clients);

// Services that look like PostgreSQL by their image and are none: another program is started in their
// container, and no cluster is where the image keeps it. (A backup job, a client by an anchor.)
std::vector<std::string> clients_by_image(World& world, const compose::Project& project);

// The container, its image, mounts, data volume and whoever of `all` mounts it, too; PG_VERSION in the data
// directory.
void observe_container(ServiceFacts& facts, World& world, const Site& site,
                       const std::vector<docker::ContainerInfo>& all);

// Clusters on the service's mounts, the container's and the Compose file's, that it does not use.
// Throws Error(failed, "E-LOOK") when they cannot be looked into.
void observe_other_clusters(ServiceFacts& facts, World& world, const compose::Project& project);

// Of a service whose image is of another version than its data: an image that the data needs, and the edits
// of the project's files that name it again, as far as they are found.
void observe_old_image(ServiceFacts& facts, World& world, const Request& request);

// The running server's inventory, and where each md5 password is known from.
void observe_server(ServiceFacts& facts, World& world, const compose::Project& project,
                    const Request& request, ImageLooks& images);

// What a place beside the data, and a physical copy of the running server, ask of it, by the way that
// `reader` has to it. What cannot be found out is a fact as well.
void observe_copying(ServiceFacts& facts, World& world, postgres::SqlReader& reader,
                     const std::string& database, ImageLooks& images);

// Runs of the state directory by whose downtime that of another one can be told.
std::vector<PastRun> observe_past_runs(const std::filesystem::path& state_root, const std::string& engine_id);

// Containers that need the target or are connected to it, of `all` that look_at_containers has found.
void observe_clients(ServiceFacts& facts, World& world, const compose::Project& project,
                     const std::vector<docker::ContainerInfo>& all);

// One container that needs the target; of several reasons all are kept.
// Empty when it has none of that name.
std::string label_of(const docker::ContainerInfo& info, const std::string& name);
void add_client(ServiceFacts& facts, const docker::ContainerInfo& info, const std::string& why);

// A cluster where the new one is to be made beside the old one; to be called when that is known.
void observe_new_directory(ServiceFacts& facts, World& world);

// Where PGDATA names the version, within its mount, the new cluster gets a directory beside the old one, and
// going back is a switch: that directory. Empty for others, and where the new cluster has a place of its own.
std::string pgdata_beside(const ServiceFacts& facts, const Request& request);

// The new image's reference, and the edits of the project's files that bring it there, to be proven by
// prove_edits. `companions` are without the service itself. `digests` gets the files that would be edited.
void observe_edits(ServiceFacts& facts, World& world, const compose::Project& project, const Request& request,
                   const Companions& companions, std::map<std::string, std::string>& digests);

// What Compose makes of the edited files is what counts: of all edits together, and of each service's alone
// where it does not make of them what is meant, or where a service may go back alone. An edit that does not
// hold becomes the service's problem.
void prove_edits(std::vector<ServiceFacts>& services, World& world, const compose::Project& project,
                 const Request& request, const Companions& companions);

// Whether a bind mount of ours reaches a container: it does not where the engine is on another host, or in a
// virtual machine of its own. Throws Error(usage, "E-ENGINE-REMOTE").
void refuse_remote_engine(World& world, const std::string& image_id);

}  // namespace pgupgrade::upgrade
