#include "planning/role_grants.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace pgupgrade::planning {

namespace {

// Who is a member of whom, directly.
using Memberships = std::map<std::string, std::set<std::string>>;

bool is_member(const Memberships& memberships, const std::string& member, const std::string& role) {
  std::set<std::string> seen;
  std::vector<std::string> open = {member};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    if (next == role) return true;
    if (!seen.insert(next).second) continue;
    const auto found = memberships.find(next);
    if (found != memberships.end()) open.insert(open.end(), found->second.begin(), found->second.end());
  }
  return false;
}

const MembershipFacts* membership(const RoleFacts& member, const std::string& role) {
  const auto found = std::find_if(member.member_of.begin(), member.member_of.end(),
                                  [&](const MembershipFacts& facts) { return facts.role == role; });
  return found == member.member_of.end() ? nullptr : &*found;
}

}  // namespace

RoleGrants plan_role_grants(const Inventory& inventory, int target_major) {
  RoleGrants result;
  if (inventory.major() >= 16 || target_major < 16) return result;
  Memberships memberships;
  for (const RoleFacts& role : inventory.roles)
    for (const MembershipFacts& facts : role.member_of) memberships[role.name].insert(facts.role);
  for (const RoleFacts& member : inventory.roles) {
    if (!member.create_role || member.superuser) continue;
    for (const RoleFacts& role : inventory.roles) {
      if (role.superuser || role.replication || role.name == member.name) continue;
      const MembershipFacts* facts = membership(member, role.name);
      if (facts != nullptr && facts->admin) continue;
      const RoleGrant grant{.role = role.name, .member = member.name, .fresh = facts == nullptr};
      if (is_member(memberships, role.name, member.name)) {
        result.circular.push_back(grant);
        continue;
      }
      memberships[member.name].insert(role.name);
      result.grants.push_back(grant);
    }
  }
  return result;
}

}  // namespace pgupgrade::planning
