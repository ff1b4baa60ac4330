#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "planning/checks.hpp"
#include "planning/role_grants.hpp"

namespace pgupgrade::planning {

namespace {

std::string statement(const RoleGrant& grant) {
  return fmt::format("GRANT {} TO {} WITH ADMIN TRUE{}", sql_identifier(grant.role),
                     sql_identifier(grant.member), grant.fresh ? ", INHERIT FALSE, SET FALSE" : "");
}

std::string members_of(const std::vector<RoleGrant>& grants) {
  std::vector<std::string> names;
  for (const RoleGrant& grant : grants)
    if (std::find(names.begin(), names.end(), grant.member) == names.end()) names.push_back(grant.member);
  return (names.size() == 1 ? "role " : "roles ") + quoted_list(names);
}

}  // namespace

Diagnostics check_create_role(const Subject& subject) {
  const RoleGrants planned = plan_role_grants(subject.inventory, subject.request.target_major);
  const std::string service = service_name(subject.service);
  Diagnostics result;
  if (!planned.circular.empty()) {
    std::vector<std::string> left_out;
    for (const RoleGrant& grant : planned.circular)
      left_out.push_back(fmt::format("{} over {}", quoted(grant.member), quoted(grant.role)));
    result.push_back(
        {.severity = Severity::warning,
         .code = "W-CREATEROLE",
         .message = fmt::format("from PostgreSQL 16 on {} of {} cannot keep all that CREATEROLE gives "
                                "today, since roles cannot be members of each other: {}",
                                members_of(planned.circular), service, plain_list(left_out)),
         .hint = "let a superuser alter these roles"});
  }
  if (!planned.grants.empty()) {
    std::vector<std::string> grants;
    for (const RoleGrant& grant : planned.grants) grants.push_back(statement(grant));
    result.push_back(
        {.severity = Severity::note,
         .code = "N-CREATEROLE",
         .message = fmt::format("from PostgreSQL 16 on CREATEROLE covers only roles held with admin option; "
                                "{} keep what {} of {} can do",
                                plural(grants.size(), "grant"), members_of(planned.grants), service),
         .hint = statements(grants)});
  }
  return result;
}

}  // namespace pgupgrade::planning
