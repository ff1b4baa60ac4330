#include "pgupgrade/planning/member_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "planning/member_statements.hpp"

namespace pgupgrade::planning {

namespace {

std::string attribute(const ExtensionMember& member, const std::string& name) {
  const auto found = member.attributes.find(name);
  return found == member.attributes.end() ? std::string() : found->second;
}

std::string arguments(const ExtensionMember& function) {
  const auto open = function.identity.find('(');
  return open == std::string::npos ? std::string() : function.identity.substr(open);
}

// One function under another name or in another schema: what it does and takes is the same.
bool is_same_function(const ExtensionMember& one, const ExtensionMember& other) {
  return one.extension == other.extension && one.type == other.type && one.attributes.contains("body") &&
         attribute(one, "body") == attribute(other, "body") && arguments(one) == arguments(other);
}

MemberChange change_of(MemberChangeKind kind, const ExtensionMember& member) {
  return {.kind = kind, .extension = member.extension, .type = member.type, .identity = member.identity};
}

class Comparison {
 public:
  void compare(const std::vector<ExtensionMember>& expected, const std::vector<ExtensionMember>& found) {
    std::vector<const ExtensionMember*> missing;
    std::vector<const ExtensionMember*> added;
    split(expected, found, missing, added);
    match_renamed(missing, added);
    std::set<std::pair<std::string, std::string>> torn;  // perhaps renamed, who knows to what
    for (const ExtensionMember* member : missing) {
      torn.insert({member->extension, member->type});
      others_.push_back(change_of(MemberChangeKind::removed, *member));
    }
    for (const ExtensionMember* member : added) {
      MemberChange change = change_of(MemberChangeKind::added, *member);
      if (member->extension.empty()) {  // initdb made it under another name
        change.kind = MemberChangeKind::altered;
        change.attribute = "name";
        change.value = member->identity;
        others_.push_back(std::move(change));
        continue;
      }
      if (!torn.contains({member->extension, member->type})) change.statement = add_member(change);
      others_.push_back(std::move(change));
    }
  }

  std::vector<MemberChange> take() {
    std::vector<MemberChange> all = std::move(names_);
    std::move(others_.begin(), others_.end(), std::back_inserter(all));
    return all;
  }

 private:
  void split(const std::vector<ExtensionMember>& expected, const std::vector<ExtensionMember>& found,
             std::vector<const ExtensionMember*>& missing, std::vector<const ExtensionMember*>& added) {
    const auto key = [](const ExtensionMember& m) { return m.extension + '\n' + m.type + '\n' + m.identity; };
    std::map<std::string, const ExtensionMember*> by_key;
    std::set<std::string> known;
    for (const ExtensionMember& member : expected) {
      by_key.try_emplace(key(member),
                         &member);  // initdb's objects as the extensions' scripts left them come first
      known.insert(member.extension);
    }
    std::set<std::string> seen;
    for (const ExtensionMember& member : found) {
      if (!known.contains(member.extension)) continue;
      const auto match = by_key.find(key(member));
      if (match == by_key.end()) {
        added.push_back(&member);
        continue;
      }
      seen.insert(match->first);
      compare_attributes(*match->second, member);
    }
    for (const auto& [name, member] : by_key)
      if (!seen.contains(name)) missing.push_back(member);
  }

  void match_renamed(std::vector<const ExtensionMember*>& missing,
                     std::vector<const ExtensionMember*>& added) {
    for (auto was = missing.begin(); was != missing.end();) {
      const auto same = [&](const ExtensionMember* other) { return is_same_function(**was, *other); };
      const auto is = std::find_if(added.begin(), added.end(), same);
      if (is == added.end() || std::count_if(added.begin(), added.end(), same) != 1) {
        ++was;
        continue;
      }
      MemberChange change = change_of(MemberChangeKind::altered, **is);
      change.attribute = "name";
      change.expected = (*was)->identity;
      change.value = (*is)->identity;
      change.statement = rename_statement(**was, **is);
      names_.push_back(std::move(change));
      compare_attributes(**was, **is);
      added.erase(is);
      was = missing.erase(was);
    }
  }

  void compare_attributes(const ExtensionMember& expected, const ExtensionMember& found) {
    std::set<std::string> names;
    for (const auto& [name, value] : expected.attributes) names.insert(name);
    for (const auto& [name, value] : found.attributes) names.insert(name);
    for (const char* shown_by_identity : {"name", "schema"}) names.erase(shown_by_identity);
    // Another function in its place takes its own attributes along.
    const bool replaced = attribute(expected, "body") != attribute(found, "body");
    for (const std::string& name : names) {
      if (attribute(expected, name) == attribute(found, name)) continue;
      MemberChange change = change_of(MemberChangeKind::altered, found);
      change.attribute = name;
      change.expected = attribute(expected, name);
      change.value = attribute(found, name);
      if (!replaced) change.statement = attribute_statement(change);
      others_.push_back(std::move(change));
    }
  }

  std::vector<MemberChange> names_;
  std::vector<MemberChange> others_;
};

}  // namespace

std::vector<MemberChange> member_changes(const std::vector<ExtensionMember>& expected,
                                         const std::vector<ExtensionMember>& found) {
  Comparison comparison;
  comparison.compare(expected, found);
  return comparison.take();
}

namespace {

using Members = std::vector<ExtensionMember>;

Members::const_iterator find(const Members& members, const MemberChange& change) {
  return std::find_if(members.begin(), members.end(), [&](const ExtensionMember& member) {
    return member.type == change.type && member.identity == change.identity;
  });
}

bool is_like(const MemberChange& one, const MemberChange& other) {
  return one.extension == other.extension && one.type == other.type;
}

bool has_like(const std::vector<MemberChange>& changes, MemberChangeKind kind, const MemberChange& change) {
  return std::any_of(changes.begin(), changes.end(), [&](const MemberChange& other) {
    return other.kind == kind && other.statement.empty() && is_like(other, change);
  });
}

// What is made of functions goes before them, and these before their types.
int drop_rank(const MemberChange& change) {
  if (change.attribute != MemberChange::kDropped) return 0;
  constexpr std::array<std::string_view, 5> kLast = {"operator", "aggregate", "function", "type", "schema"};
  return 1 + static_cast<int>(std::find(kLast.begin(), kLast.end(), change.type) == kLast.end()
                                  ? 0
                                  : std::find(kLast.begin(), kLast.end(), change.type) - kLast.begin() + 1);
}

}  // namespace

void carry_removed(std::vector<MemberChange>& changes, const Members& expected, const Members& others) {
  for (MemberChange& change : changes) {
    if (change.kind != MemberChangeKind::removed) continue;
    const auto made = find(expected, change);
    const auto now = find(others, change);
    if (now != others.end()) {
      if (made != expected.end() && made->attributes == now->attributes)
        change.statement = drop_member(change);
    } else if (!has_like(changes, MemberChangeKind::added, change)) {
      change.attribute = MemberChange::kDropped;
      change.statement =
          fmt::format("{}; DROP {} {}", drop_member(change), sql_keyword(change.type), change.identity);
    }
  }
  for (MemberChange& change : changes)
    if (change.kind == MemberChangeKind::added && change.statement.empty() &&
        !has_like(changes, MemberChangeKind::removed, change))
      change.statement = add_member(change);
  std::stable_sort(changes.begin(), changes.end(), [](const MemberChange& one, const MemberChange& other) {
    return drop_rank(one) < drop_rank(other);
  });
}

bool stands_on_table(const MemberChange& change) {
  constexpr std::array<std::string_view, 4> kParts = {kIndexes, kTriggers, kConstraints, kRules};
  return std::find(kParts.begin(), kParts.end(), change.attribute) != kParts.end();
}

// A newer version of an extension may have more of its own.
bool is_made(const MemberChange& change, const std::string& value) {
  if (change.attribute != kLooseMembers && !stands_on_table(change)) return value == change.value;
  const std::vector<std::string> now = split_lines(value);
  const std::vector<std::string> made = split_lines(change.expected);
  const std::vector<std::string> wanted = split_lines(change.value);
  const auto is_in = [](const std::vector<std::string>& list, const std::string& line) {
    return std::find(list.begin(), list.end(), line) != list.end();
  };
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& line) { return is_in(made, line) || is_in(now, line); });
}

bool is_moved(const MemberChange& change) {
  return change.kind != MemberChangeKind::altered && !change.statement.empty() &&
         change.attribute != MemberChange::kDropped;
}

std::string add_member(const MemberChange& change) {
  return fmt::format("ALTER EXTENSION {} ADD {} {}", sql_identifier(change.extension),
                     sql_keyword(change.type), change.identity);
}

std::string drop_member(const MemberChange& change) {
  return fmt::format("ALTER EXTENSION {} DROP {} {}", sql_identifier(change.extension),
                     sql_keyword(change.type), change.identity);
}

}  // namespace pgupgrade::planning
