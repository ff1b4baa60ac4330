#include "planning/dump_from_copy.hpp"

#include <algorithm>
#include <vector>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/member_changes.hpp"

namespace pgupgrade::planning {

std::string why_dumped_from_copy(const ServiceFacts& service) {
  if (!service.copy || !service.inventory) return {};
  std::vector<std::string> reasons;
  if (!service.copy->unlogged.empty()) reasons.emplace_back("it has unlogged tables");
  const auto& databases = service.inventory->databases;
  const auto has_moved = [](const DatabaseFacts& database) {
    const auto& members = database.left_behind.members;
    return std::any_of(members.begin(), members.end(), is_moved);
  };
  if (std::any_of(databases.begin(), databases.end(), has_moved))
    reasons.emplace_back("objects were moved in or out of extensions");
  if (!service.copy->marked.empty())
    reasons.emplace_back("the server keeps marks of its own in the catalogs");
  return join(reasons, ", ");
}

}  // namespace pgupgrade::planning
