#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

// The texts of all targets, joined by "; ".
inline std::string each_target(const Plan& plan, const std::function<std::string(const TargetPlan&)>& text) {
  std::string all;
  for (const TargetPlan& target : plan.targets) all += (all.empty() ? "" : "; ") + text(target);
  return all;
}

// "2 databases": template1 is dumped and restored as well, but nobody counts it as theirs.
inline std::string databases_of(const TargetPlan& target) {
  const auto own = std::count_if(target.inventory.databases.begin(), target.inventory.databases.end(),
                                 [](const DatabaseFacts& database) { return !database.is_template; });
  return plural(static_cast<std::uint64_t>(own), "database");
}

}  // namespace pgupgrade::upgrade
