#pragma once

#include <optional>
#include <string>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

using ServiceContainer = docker::ContainerInfo;

// The container of this name. The engine takes a word for the beginning of an id as well: with "db" gone it
// gives one whose id begins with db.
std::optional<ServiceContainer> find_by_name(World& world, const std::string& name);

// The container that Compose runs for a service now, by Compose's own labels; nothing when there is none.
// While Compose replaces one by another there may be two: the newer counts.
std::optional<ServiceContainer> find_compose_container(World& world, const std::string& project,
                                                       const std::string& service);
// The container that the plan's site runs for a service now.
std::optional<ServiceContainer> find_service_container(World& world, const Plan& plan,
                                                       const std::string& service);
// The one that was put in the place of the target's old one; nothing while it has not.
std::optional<ServiceContainer> find_new_container(World& world, const Plan& plan, const TargetPlan& target);

// Whether the server in a user's running container lets clients in, at any of the places where it may listen.
bool accepts_connections(World& world, const std::string& container);

struct RunningServer {
  int version_num = 0;
  std::string data_directory;
};
// Asked from the server in a user's running container.
RunningServer read_running_server(World& world, const ServiceContainer& container,
                                  const std::string& superuser);

}  // namespace pgupgrade::upgrade
