#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "migrate/checks.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr std::size_t kShown = 5;

std::set<std::string> owners_of(const Subject& subject) {
  std::set<std::string> owners;
  for (const DatabaseContents& contents : subject.facts.contents) {
    owners.insert(contents.owners.begin(), contents.owners.end());
    const ListedDatabase* const listed = subject.facts.source.find(contents.name);
    if (listed != nullptr && !listed->owner.empty()) owners.insert(listed->owner);
  }
  return owners;
}

std::vector<std::string> list_of(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

std::string quoted(const std::string& name) {
  return "\"" + printable(name) + "\"";
}

std::string some_of(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
  const std::string text = join(shown, ", ");
  return names.size() > kShown ? fmt::format("{} and {} more", text, names.size() - kShown) : text;
}

std::vector<std::string> needed_roles(const Subject& subject) {
  std::set<std::string> roles;
  if (subject.request.ownership == Ownership::keep) roles = owners_of(subject);
  for (const DatabaseContents& contents : subject.facts.contents) {
    roles.insert(contents.policy_roles.begin(), contents.policy_roles.end());
    if (subject.request.ownership == Ownership::keep)
      roles.insert(contents.grantees.begin(), contents.grantees.end());
  }
  return list_of(roles);
}

std::vector<std::string> missing_roles(const Subject& subject) {
  std::vector<std::string> missing = needed_roles(subject);
  std::erase_if(missing, [&](const std::string& role) { return subject.facts.target.roles.contains(role); });
  return missing;
}

Diagnostics check_roles(const Subject& subject) {
  const auto missing = missing_roles(subject);
  if (missing.empty()) return {};
  const bool several = missing.size() > 1;
  if (!subject.request.roles)
    return {
        {.severity = Severity::error,
         .code = "E-ROLE-MISSING",
         .message = fmt::format(
             "cannot migrate: objects belong to, or are granted to, {} that the target ({}) lacks: {}",
             several ? "roles" : "a role", subject.facts.target.address, printable(some_of(missing), 500)),
         .hint = "pass --roles to create what is missing, or --no-owner to leave owners and grants out"}};
  if (!subject.facts.target.creates_roles)
    return {{.severity = Severity::error,
             .code = "E-NO-CREATE",
             .message = fmt::format("cannot create the {} {} at the target: role {} may not create roles",
                                    several ? "roles" : "role", printable(some_of(missing), 500),
                                    quoted(subject.facts.target.role)),
             .hint = "have an administrator create them, or pass --no-owner to leave owners and grants out"}};
  if (subject.facts.source.superuser) return {};
  return {{.severity = Severity::warning,
           .code = "W-ROLE-PASSWORDS",
           .message = fmt::format(
               "passwords of the new {} {} cannot be carried over: only a superuser of the source "
               "may read them",
               several ? "roles" : "role", printable(some_of(missing), 500)),
           .hint = "set them at the target afterwards"}};
}

// A role that is created by this one is one to which it may give objects, or makes itself so.
Diagnostics check_memberships(const Subject& subject) {
  if (subject.request.ownership == Ownership::leave_out || subject.facts.target.superuser) return {};
  std::vector<std::string> foreign;
  for (const std::string& owner : owners_of(subject))
    if (subject.facts.target.roles.contains(owner) && !subject.facts.target.assumable_roles.contains(owner))
      foreign.push_back(owner);
  if (foreign.empty()) return {};
  return {
      {.severity = Severity::error,
       .code = "E-ROLE-NOT-MEMBER",
       .message = fmt::format("cannot give objects to {} at the target ({}): role {} is not a member",
                              printable(some_of(foreign), 500), subject.facts.target.address,
                              quoted(subject.facts.target.role)),
       .hint =
           "have an administrator grant the membership, or pass --no-owner to leave owners and grants out"}};
}

std::vector<std::string> not_carried(const Subject& subject) {
  std::vector<std::string> lines;
  const bool superuser = subject.facts.target.superuser && subject.facts.source.superuser;
  for (const DatabaseContents& contents : subject.facts.contents) {
    const auto add = [&](const char* what, const std::vector<std::string>& names, const char* why) {
      if (!names.empty())
        lines.push_back(fmt::format("{} of database {}: {} ({})", what, quoted(contents.name),
                                    printable(some_of(names), 500), why));
    };
    add("subscriptions", contents.subscriptions, "a second one would take the changes away from the first");
    if (!subject.facts.target.superuser) {
      add("event triggers", contents.event_triggers, "only a superuser creates them");
      add("publications", contents.publications, "only a superuser creates all kinds of them");
    }
    std::vector<std::string> spaces = list_of(contents.tablespaces);
    std::erase_if(spaces,
                  [&](const std::string& name) { return subject.facts.target.tablespaces.contains(name); });
    add("tablespaces", spaces, "the target lacks them; what is in them goes to its default");
    if (subject.request.ownership == Ownership::leave_out) {
      const std::string all = fmt::format("all belongs to {}", printable(subject.facts.target.role));
      std::set<std::string> others = contents.owners;
      others.erase(subject.facts.target.role);
      add("owners", list_of(others), all.c_str());
      add("grants", list_of(contents.grantees), "--no-owner");
    }
    if (contents.prepared_transactions > 0)
      lines.push_back(fmt::format(
          "{} of database {}",
          plural(static_cast<std::uint64_t>(contents.prepared_transactions), "prepared transaction"),
          quoted(contents.name)));
  }
  const bool mappings =
      std::any_of(subject.facts.contents.begin(), subject.facts.contents.end(),
                  [](const DatabaseContents& contents) { return contents.user_mappings > 0; });
  if (mappings && !superuser) lines.emplace_back("options of user mappings (only a superuser may read them)");
  return lines;
}

}  // namespace pgupgrade::migrate
