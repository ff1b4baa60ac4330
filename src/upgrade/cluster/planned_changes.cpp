#include "upgrade/cluster/planned_changes.hpp"

#include <algorithm>
#include <map>
#include <set>
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

// The restore has computed these anew. Whatever else of the table is not as it was remains a difference.
void expect_computed(const std::vector<GeneratedColumnFacts>& columns, DatabasePrint& old,
                     const DatabasePrint& now) {
  std::map<std::string, std::set<std::string>> accepted;
  for (const GeneratedColumnFacts& column : columns)
    accepted[column.whole.empty() ? column.table : column.whole].insert(column.column);
  for (const auto& [table, names] : accepted) {
    const auto was = old.tables.find(table);
    const auto is = now.tables.find(table);
    if (was == old.tables.end() || is == now.tables.end()) continue;
    TablePrint& print = was->second;
    for (const std::string& name : names) {
      const auto value = is->second.generated.find(name);
      if (value != is->second.generated.end() && print.generated.contains(name))
        print.generated[name] = value->second;
    }
    const bool all_else_is_equal = print.rows == is->second.rows && !print.ordinary.empty() &&
                                   print.ordinary == is->second.ordinary &&
                                   print.generated == is->second.generated;
    if (all_else_is_equal) print.digest = is->second.digest;
  }
}

}  // namespace

void expect_planned_changes(const Plan& plan, const TargetPlan& target, Fingerprint& old, Fingerprint& now) {
  for (const RoleGrant& grant : target.role_grants) expect_grant(grant, old, now);
  const auto has_accepted = [&](std::string_view code) {
    return std::find(plan.acknowledged.begin(), plan.acknowledged.end(), code) != plan.acknowledged.end();
  };
  if (has_accepted("E-REPLICATION"))
    for (const std::string& origin : target.inventory.replication_origins)
      for (Fingerprint* side : {&old, &now})
        std::erase_if(side->shared, [&](const auto& object) {
          return object.first == "replication origin " + sql_identifier(origin);
        });
  const bool some_lost = has_accepted("E-CATALOG-OBJECTS");
  // A copy has its values as they were.
  const bool some_computed = has_accepted("E-GENERATED-CHANGES") && plan.strategy != kWarm;
  for (const DatabaseFacts& database : target.inventory.databases) {
    const LeftBehind& left = database.left_behind;
    if (some_lost)
      for (const LeftObject& object : left.catalog_objects)
        for (Fingerprint* side : {&old, &now}) forget_object(object, side->databases[database.name].objects);
    if (some_computed && !left.generated_columns.empty())
      expect_computed(left.generated_columns, old.databases[database.name], now.databases[database.name]);
  }
}

}  // namespace pgupgrade::upgrade
