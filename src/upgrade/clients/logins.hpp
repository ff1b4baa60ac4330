#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Logins over TCP with the passwords that we know, tried before the upgrade and again after it. Roles whose
// login does not work today (another pg_hba.conf rule, an expired role) are not held against the new server.

// Tries every known password against the running old server, once it has recovered; the step's record keeps
// the roles that got in.
void record_working_logins(StepContext& context, const TargetPlan& target);

// With which the superuser gets into the service's new container; nothing when none of the known passwords
// does.
std::optional<postgres::LoginAttempt> superuser_login(StepContext& context, const TargetPlan& target,
                                                      const std::string& container_id);

struct LoginCheck {
  int tried = 0;
  std::vector<std::string> refused;  // "role: reason"
};
// Tries those again against the service's new container.
LoginCheck repeat_logins(StepContext& context, const TargetPlan& target, const std::string& container_id);

}  // namespace pgupgrade::upgrade
