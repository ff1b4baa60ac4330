#pragma once

#include <string>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// The directory on this host in which a server in a work container has its socket, with a pg_hba.conf that
// lets everybody in; made when it is not there. Only this user can reach it. The target is one of the plan's.
// Error(failed, "E-SOCKET-DIRECTORY") when somebody else has taken the name.
std::string socket_directory(const World& world, const Plan& plan, const TargetPlan& target);
void remove_socket_directory(const World& world, const Plan& plan, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
