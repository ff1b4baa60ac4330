#include "upgrade/cluster/planned_changes.hpp"

#include <algorithm>
#include <string>

#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::upgrade {
namespace {

void expect_grant(const RoleGrant& grant, Fingerprint& old, const Fingerprint& now) {
  const std::string role = sql_identifier(grant.role);
  const std::string member = sql_identifier(grant.member);
  // A role that was dropped since the plan is granted to nobody.
  if (!old.shared.contains("role " + role) || !old.shared.contains("role " + member)) return;
  const std::string name = "membership " + member + " in " + role;
  Attributes& membership = old.shared[name];
  membership["admin_option"] = "true";
  if (!grant.fresh) return;
  // Whose it is its name says; the grantor is whoever restores.
  const auto made = now.shared.find(name);
  if (made != now.shared.end())
    for (const char* part : {"grantor", "member", "roleid"})
      if (made->second.contains(part)) membership[part] = made->second.at(part);
  membership["inherit_option"] = "false";
  membership["set_option"] = "false";
}

std::string without_quotes(std::string name) {
  std::erase(name, '"');
  return name;
}

// "function pg_catalog.f()" and what belongs to it: a fingerprint has the same name with all its quotes.
void forget_object(const LeftObject& object, Objects& objects) {
  const std::string whole = without_quotes(object.object);
  const std::size_t begin = std::min(whole.find("pg_catalog."), whole.find("information_schema."));
  if (begin == std::string::npos) return;
  const std::string name = whole.substr(begin);
  std::erase_if(objects, [&](const auto& entry) {
    return without_quotes(entry.first).find(name) != std::string::npos;
  });
}

}  // namespace

void expect_planned_changes(const Plan& plan, const TargetPlan& target, Fingerprint& old, Fingerprint& now) {
  for (const RoleGrant& grant : target.role_grants) expect_grant(grant, old, now);
  if (std::find(plan.acknowledged.begin(), plan.acknowledged.end(), "E-CATALOG-OBJECTS") ==
      plan.acknowledged.end())
    return;
  for (const DatabaseFacts& database : target.inventory.databases)
    for (const LeftObject& object : database.left_behind.catalog_objects)
      for (Fingerprint* side : {&old, &now}) forget_object(object, side->databases[database.name].objects);
}

}  // namespace pgupgrade::upgrade
