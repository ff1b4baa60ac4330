#include "upgrade/cluster/extension_members.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/member_changes.hpp"
#include "pgupgrade/postgres/members.hpp"

namespace pgupgrade::upgrade {
namespace {

using Members = std::vector<ExtensionMember>;

const ExtensionMember* find(const Members& members, const MemberChange& change) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const ExtensionMember& member) {
    return member.extension == change.extension && member.type == change.type &&
           member.identity == change.identity;
  });
  return found == members.end() ? nullptr : &*found;
}

// Whether it is a member of its extension on a server in use.
bool is_member(const MemberChange& change) {
  return change.kind == MemberChangeKind::added;
}

// Those of initdb's objects go by themselves.
bool is_of_initdb(const MemberChange& change) {
  return change.extension.empty();
}

// `in_use` as on a server in use, else as for a dump. Those that are so already stay as they are.
void move_members(postgres::Server& server, const TargetPlan& target, bool in_use) {
  for (const DatabaseFacts& database : target.inventory.databases) {
    const auto& changes = database.left_behind.members;
    if (std::none_of(changes.begin(), changes.end(), planning::is_moved)) continue;
    const Members members = server.extension_members(database.name);
    std::vector<std::string> statements;
    for (const MemberChange& change : changes) {
      if (!planning::is_moved(change)) continue;
      const bool wanted = is_member(change) == in_use;
      if ((find(members, change) != nullptr) == wanted) continue;
      statements.push_back(wanted ? planning::add_member(change) : planning::drop_member(change));
    }
    server.execute(database.name, statements);
  }
}

bool is_as_planned(const Members& members, const MemberChange& change) {
  const ExtensionMember* member = find(members, change);
  if (change.kind == MemberChangeKind::removed) return member == nullptr;
  if (member == nullptr) return false;
  if (change.kind == MemberChangeKind::added || change.attribute == "name") return true;
  const auto value = member->attributes.find(change.attribute);
  return planning::is_made(change, value == member->attributes.end() ? "" : value->second);
}

}  // namespace

void take_members_out(postgres::Server& server, const TargetPlan& target) {
  move_members(server, target, false);
}

void put_members_back(postgres::Server& server, const TargetPlan& target) {
  move_members(server, target, true);
}

void tell_of_members_out(StepContext& context, const TargetPlan& target) {
  for (const DatabaseFacts& database : target.inventory.databases) {
    std::vector<std::string> statements;
    for (const MemberChange& change : database.left_behind.members)
      if (planning::is_moved(change)) statements.push_back(change.statement);
    if (statements.empty()) continue;
    context.warn(
        "W-MEMBERS-OUT",
        fmt::format("objects of database \"{}\" of service {} may be in and out of their extensions as for a "
                    "dump; put them back: {}",
                    printable(database.name), target.service, printable(join(statements, "; "), 2000)));
  }
}

void refuse_changed_members(postgres::Server& server, const TargetPlan& target) {
  for (const DatabaseFacts& database : target.inventory.databases) {
    const LeftBehind& planned = database.left_behind;
    if (planned.members_digest.empty()) continue;
    const Members now = server.extension_members(database.name);
    if (postgres::digest_of_members(now) == planned.members_digest &&
        (planned.built_ins_digest.empty() || postgres::digest_of_built_ins(now) == planned.built_ins_digest))
      continue;
    throw Error(ErrorKind::failed, "E-EXTENSIONS-CHANGED",
                fmt::format("could not dump service \"{}\": objects of extensions or built-in ones in "
                            "database \"{}\" have changed since "
                            "the plan was made",
                            target.service, printable(database.name)),
                "run `pgupgrade rollback`, then start over");
  }
}

namespace {

const LeftBehind& left_behind(const TargetPlan& target, const std::string& database) {
  static const LeftBehind kNothing;
  for (const DatabaseFacts& facts : target.inventory.databases)
    if (facts.name == database) return facts.left_behind;
  return kNothing;
}

void add_cures(std::vector<std::string>& statements, const std::vector<LeftObject>& objects) {
  for (const LeftObject& object : objects) statements.push_back(object.cure);
}

}  // namespace

std::vector<std::string> first_statements(const TargetPlan& target, const std::string& database) {
  const LeftBehind& left = left_behind(target, database);
  std::vector<std::string> statements;
  for (const MemberChange& change : left.members)
    if (!change.statement.empty() && !planning::is_moved(change) && !planning::stands_on_table(change))
      statements.push_back(change.statement);
  add_cures(statements, left.constructors);
  return statements;
}

std::vector<std::string> last_statements(const TargetPlan& target, const std::string& database) {
  const LeftBehind& left = left_behind(target, database);
  std::vector<std::string> statements;
  for (const MemberChange& change : left.members)
    if (!change.statement.empty() && planning::stands_on_table(change))
      statements.push_back(change.statement);
  add_cures(statements, left.key_states);
  return statements;
}

std::vector<std::string> statements_after_conversion(const TargetPlan& target, const std::string& database) {
  const LeftBehind& left = left_behind(target, database);
  std::vector<std::string> statements;
  for (const MemberChange& change : left.members)
    if (is_of_initdb(change) && !change.statement.empty()) statements.push_back(change.statement);
  add_cures(statements, left.constructors);
  add_cures(statements, left.key_states);
  return statements;
}

bool has_key_states(const TargetPlan& target, const std::string& database) {
  return !left_behind(target, database).key_states.empty();
}

std::vector<std::string> missing_member_changes(postgres::Server& server, const TargetPlan& target,
                                                Whose whose) {
  std::vector<std::string> missing;
  for (const DatabaseFacts& database : target.inventory.databases) {
    const auto& changes = database.left_behind.members;
    if (changes.empty()) continue;
    const Members members = server.extension_members(database.name);
    for (const MemberChange& change : changes) {
      if (change.statement.empty() || (whose == Whose::initdb && !is_of_initdb(change)) ||
          is_as_planned(members, change))
        continue;
      missing.push_back(
          fmt::format("database \"{}\": {} {}{} is not as it was{}", printable(database.name), change.type,
                      printable(change.identity),
                      is_of_initdb(change) ? "" : " of extension " + printable(change.extension),
                      change.attribute.empty() ? "" : " (" + change.attribute + ")"));
    }
  }
  return missing;
}

}  // namespace pgupgrade::upgrade
