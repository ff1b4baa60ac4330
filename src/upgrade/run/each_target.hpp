#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

// Texts of several targets, joined by "; "; what all have in common is said once.
inline std::string joined_texts(std::vector<std::string> texts) {
  std::erase(texts, std::string());
  const bool same = std::adjacent_find(texts.begin(), texts.end(), std::not_equal_to<>()) == texts.end();
  if (texts.size() > 1 && same) return texts.front() + " each";
  return join(texts, "; ");
}

inline std::string each_target(const Plan& plan, const std::function<std::string(const TargetPlan&)>& text) {
  std::vector<std::string> texts;
  for (const TargetPlan& target : plan.targets) texts.push_back(text(target));
  return joined_texts(std::move(texts));
}

// "2 databases": template1 is dumped and restored as well, but nobody counts it as theirs.
inline std::string databases_of(const TargetPlan& target) {
  const auto own = std::count_if(target.inventory.databases.begin(), target.inventory.databases.end(),
                                 [](const DatabaseFacts& database) { return !database.is_template; });
  return plural(static_cast<std::uint64_t>(own), "database");
}

}  // namespace pgupgrade::upgrade
