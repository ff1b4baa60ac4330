#pragma once

#include <string>
#include <vector>

#include "pgupgrade/compose/project.hpp"
#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/postgres/scram.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Passwords that may be those of a target's roles: what its container was given (POSTGRES_PASSWORD or the
// file that POSTGRES_PASSWORD_FILE names), what the project's services declare, and the user's password file.
// Held in memory only.
std::vector<postgres::PasswordCandidate> collect_passwords(docker::Engine& engine,
                                                           const compose::Project& project,
                                                           const std::string& service,
                                                           const docker::ContainerInfo* container,
                                                           const std::string& password_file);

// The same for a target of a run, with the container that its service has now or had.
std::vector<postgres::PasswordCandidate> collect_passwords(StepContext& context, const TargetPlan& target,
                                                           const std::string& container_id);

}  // namespace pgupgrade::upgrade
