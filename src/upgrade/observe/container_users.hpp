#pragma once

#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// A container that names another one as the server it connects to.
struct NamedBy {
  docker::ContainerInfo container;
  std::string variable;  // of its environment: "DATABASE_URL"
};

// All of the engine but those of runs, in the order of their names: one look serves all services.
std::vector<docker::ContainerInfo> look_at_containers(World& world);

// Of `all`, those in a network of `server` whose environment names it: by its name or an alias in that
// network, as a host ("db", "db:5432") or in a connection string. Running or not.
std::vector<NamedBy> find_named_by(const std::vector<docker::ContainerInfo>& all,
                                   const docker::ContainerInfo& server);

// Those that would stay bound to `server` when another container takes its place, and how: "pooler (it has
// its network)".
std::vector<std::string> find_bound(const std::vector<docker::ContainerInfo>& all,
                                    const docker::ContainerInfo& server);

}  // namespace pgupgrade::upgrade
