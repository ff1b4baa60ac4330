// What somebody has changed of the objects that extensions and initdb have made, and which of them belong to
// an extension.
#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/member_changes.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

std::string text_of(const MemberChange& change) {
  const std::string object = fmt::format("{} {}", change.type, change.identity);
  if (change.kind == MemberChangeKind::added)
    return fmt::format("{} was added to {}", object, change.extension);
  if (change.kind == MemberChangeKind::removed)
    return fmt::format("{} was {} {}", object,
                       change.attribute == MemberChange::kDropped ? "dropped from" : "taken out of",
                       change.extension);
  if (change.extension.empty()) return fmt::format("{} differs in {}", object, change.attribute);
  if (change.attribute == "name") return fmt::format("{} was {}", object, change.expected);
  return fmt::format("{} differs in {} from what {} makes", object, change.attribute, change.extension);
}

// The changes of one database that go the same way.
struct Group {
  std::vector<std::string> texts;
  std::vector<std::string> statements;
  void add(const MemberChange& change, const std::string& statement) {
    texts.push_back(text_of(change));
    if (!statement.empty()) statements.push_back(statement);
  }
};

}  // namespace

Diagnostics check_built_ins(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    Group lost;
    for (const MemberChange& change : database.left_behind.members)
      if (change.extension.empty() && change.statement.empty()) lost.add(change, "");
    if (lost.texts.empty()) continue;
    result.push_back(
        {.severity = Severity::error,
         .code = "E-BUILT-IN-CHANGES",
         .message = fmt::format("built-in objects in database {} of {} were changed in a way that a dump "
                                "leaves out: {}",
                                quoted(database.name), service_name(subject.service), plain_list(lost.texts)),
         .hint = "take the change back, and make it again after the upgrade"});
  }
  return result;
}

Diagnostics check_extension_members(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    Group carried;
    Group torn;
    Group lost;
    Group carried_built_ins;
    for (const MemberChange& change : database.left_behind.members) {
      if (change.extension.empty()) {
        if (!change.statement.empty()) carried_built_ins.add(change, change.statement);
      } else if (!change.statement.empty())
        carried.add(change, change.statement);
      else if (change.kind == MemberChangeKind::removed)
        torn.add(change, add_member(change));
      else if (change.kind == MemberChangeKind::added)
        torn.add(change, drop_member(change));
      else
        lost.add(change, "");
    }
    const std::string name =
        fmt::format("database {} of {}", quoted(database.name), service_name(subject.service));
    const auto say = [&](Severity severity, const char* code, const std::string& message,
                         const std::string& hint) {
      result.push_back({.severity = severity, .code = code, .message = message, .hint = hint});
    };
    if (!torn.texts.empty())
      say(Severity::error, "E-EXTENSION-MEMBERS",
          fmt::format(
              "extensions in {} do not have the members that their scripts make, so a dump of it cannot be "
              "restored: {}",
              name, plain_list(torn.texts)),
          statements(torn.statements));
    if (!lost.texts.empty())
      say(Severity::error, "E-EXTENSION-CHANGES",
          fmt::format("objects of extensions in {} were changed in a way that a dump leaves out: {}", name,
                      plain_list(lost.texts)),
          "move the change out of the extension's own object");
    if (!carried.texts.empty())
      say(Severity::note, "N-EXTENSION-CHANGES",
          fmt::format(
              "changes to extensions in {}, which a dump leaves out, are made again after the restore: {}",
              name, plain_list(carried.texts)),
          statements(carried.statements));
    if (!carried_built_ins.texts.empty())
      say(Severity::note, "N-BUILT-IN-CHANGES",
          fmt::format("changes to built-in objects in {}, which a dump leaves out, are made again after the "
                      "restore: {}",
                      name, plain_list(carried_built_ins.texts)),
          statements(carried_built_ins.statements));
    if (!database.left_behind.unknown_extensions.empty())
      say(Severity::warning, "W-EXTENSION-UNKNOWN",
          fmt::format("could not check whether extensions in {} were changed by hand: {}", name,
                      plain_list(database.left_behind.unknown_extensions)),
          "a dump leaves such changes out");
  }
  return result;
}

}  // namespace pgupgrade::planning
