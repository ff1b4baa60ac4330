#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "migrate/checks.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/plan.hpp"

namespace pgupgrade::migrate {
namespace {

Diagnostic error(Code code, std::string message, std::string hint) {
  return {.severity = Severity::error,
          .code = std::string(code.text()),
          .message = std::move(message),
          .hint = std::move(hint)};
}

Diagnostics of_destination(const Subject& subject, const DestinationFacts& place) {
  const ServerFacts& target = subject.facts.target;
  const std::string name = fmt::format("database {} at the target ({})", quoted(place.name), target.address);
  if (place.name.find_first_of("\n\r") != std::string::npos)
    return {error("E-NAME-LINE-FEED", fmt::format("cannot copy to {}: the name contains a line feed", name),
                  "choose another with --into")};
  if (!place.exists) {
    if (target.creates_databases) return {};
    return {error(
        "E-NO-CREATE",
        fmt::format("cannot create {}: role {} may not create databases", name, quoted(target.role)),
        fmt::format("have an administrator run ALTER ROLE … CREATEDB, or create an empty database of that "
                    "name that belongs to the role"))};
  }
  if (!place.may_connect)
    return {error("E-NO-CREATE",
                  fmt::format("cannot copy to {}: role {} may not connect to it", name, quoted(target.role)),
                  "choose another with --into")};
  if (!place.contents.empty())
    return {error(
        "E-TARGET-NOT-EMPTY",
        fmt::format("cannot copy to {}: it is not empty ({})", name, printable(some_of(place.contents), 500)),
        place.comment.starts_with(kMark)
            ? "a migration has been interrupted there: run `pgupgrade resume` or `pgupgrade rollback` for it"
            : "choose another with --into, or drop it")};
  if (!place.may_create || !place.may_create_public)
    return {error("E-NO-CREATE",
                  fmt::format("cannot copy to {}: role {} has no CREATE right on {}", name,
                              quoted(target.role), place.may_create ? "its schema public" : "it"),
                  fmt::format("have its owner run GRANT CREATE ON {} TO …",
                              place.may_create ? "SCHEMA public" : "DATABASE …"))};
  return {};
}

const char* provider_name(char provider) {
  return provider == 'i' ? "ICU" : provider == 'b' ? "builtin" : "libc";
}

}  // namespace

Diagnostics check_readable(const Subject& subject) {
  Diagnostics found;
  for (const DatabaseContents& contents : subject.facts.contents) {
    const ListedDatabase* const listed = subject.facts.source.find(contents.name);
    const std::string name = fmt::format("database {} of the source", quoted(contents.name));
    if (listed != nullptr && !listed->may_connect)
      found.push_back(
          error("E-NO-READ",
                fmt::format("cannot read {}: it allows no connections, or role {} may not connect to it",
                            name, quoted(subject.facts.source.role)),
                "allow it, or name other databases with --database"));
    if (!contents.unreadable.empty())
      found.push_back(
          error("E-NO-READ",
                fmt::format("cannot read all of {} as role {}: {}", name, quoted(subject.facts.source.role),
                            printable(some_of(contents.unreadable), 800)),
                "log in as the owner, or have it grant USAGE and SELECT (the roles pg_read_all_data and "
                "BYPASSRLS do it for all)"));
  }
  return found;
}

Diagnostics check_same_database(const Subject& subject) {
  if (subject.facts.source.started.empty() || subject.facts.source.started != subject.facts.target.started)
    return {};
  Diagnostics found;
  for (std::size_t i = 0; i < subject.facts.contents.size(); ++i)
    if (subject.facts.contents[i].name == subject.facts.destinations[i].name)
      found.push_back(
          error("E-SAME-DATABASE",
                fmt::format("cannot copy database {} onto itself: source and target are one server",
                            quoted(subject.facts.contents[i].name)),
                "name the copy with --into"));
  return found;
}

Diagnostics check_destinations(const Subject& subject) {
  Diagnostics found;
  for (const DestinationFacts& place : subject.facts.destinations)
    for (Diagnostic& diagnostic : of_destination(subject, place)) found.push_back(std::move(diagnostic));
  return found;
}

Diagnostics check_forms(const Subject& subject) {
  Diagnostics found;
  for (std::size_t i = 0; i < subject.facts.contents.size(); ++i) {
    const ListedDatabase* const listed = subject.facts.source.find(subject.facts.contents[i].name);
    const DestinationFacts& place = subject.facts.destinations[i];
    if (listed == nullptr) continue;
    if (place.exists && place.encoding != listed->encoding && !place.encoding.empty())
      found.push_back(
          error("E-ENCODING",
                fmt::format("cannot copy database {} ({}) to {} of the target, which is {}",
                            quoted(listed->name), listed->encoding, quoted(place.name), place.encoding),
                fmt::format("create it with ENCODING '{}' TEMPLATE template0", listed->encoding)));
    const int since = listed->locale_provider == 'b' ? 17 : listed->locale_provider == 'i' ? 15 : 0;
    if (!place.exists && subject.facts.target.major() < since)
      found.push_back(
          error("E-ENCODING",
                fmt::format("cannot create a database like {}: its locale provider is {}, which PostgreSQL "
                            "{} does not have",
                            quoted(listed->name), provider_name(listed->locale_provider),
                            subject.facts.target.major()),
                "create an empty database of that name with another locale, and run again"));
  }
  return found;
}

Diagnostics check_extensions(const Subject& subject) {
  Diagnostics found;
  std::set<std::string> told;
  for (const DatabaseContents& contents : subject.facts.contents) {
    for (const ExtensionFacts& extension : contents.extensions) {
      if (!told.insert(extension.name).second) continue;
      const auto offer = subject.facts.target.extensions.find(extension.name);
      if (offer == subject.facts.target.extensions.end())
        found.push_back(
            error("E-EXTENSION-MISSING",
                  fmt::format("cannot copy database {}: the target does not offer extension {} ({})",
                              quoted(contents.name), quoted(extension.name), extension.version),
                  "install it at the target, or drop it at the source"));
      else if (!offer->second)
        found.push_back(
            {.severity = Severity::warning,
             .code = "W-EXTENSION-RIGHT",
             .message = fmt::format("role {} may not be allowed to create extension {} at the target",
                                    quoted(subject.facts.target.role), quoted(extension.name)),
             .hint = "if it is refused, the copy is taken back; have an administrator create it in an "
                     "empty database of that name first"});
    }
  }
  return found;
}

Diagnostics check_clients(const Subject& subject) {
  Diagnostics found;
  for (const DatabaseContents& contents : subject.facts.contents) {
    if (contents.clients.empty()) continue;
    found.push_back(
        {.severity = Severity::warning,
         .code = "W-CLIENTS-WRITE",
         .message = fmt::format("clients are connected to database {} of the source: {}",
                                quoted(contents.name), printable(some_of(contents.clients), 500)),
         .hint = "stop them first, unless they only read: the copy is of one moment, and what they write "
                 "after it is not in it"});
  }
  return found;
}

}  // namespace pgupgrade::migrate
