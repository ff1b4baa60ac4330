#pragma once

#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// A container that names another one as the server it connects to.
struct NamedBy {
  docker::ContainerInfo container;
  std::string variable;  // of its environment: "DATABASE_URL"
};

// Containers in a network of `server` whose environment names it: by its name or an alias in that network, as
// a host ("db", "db:5432") or in a connection string. Running or not; in the order of their names.
std::vector<NamedBy> find_named_by(World& world, const docker::ContainerInfo& server);

// Those that would stay bound to `server` when another container takes its place, and how: "pooler (it has
// its network)".
std::vector<std::string> find_bound(World& world, const docker::ContainerInfo& server);

}  // namespace pgupgrade::upgrade
