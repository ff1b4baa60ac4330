#pragma once

#include <functional>
#include <string>

#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

// The texts of all targets, joined by "; ".
inline std::string each_target(const Plan& plan, const std::function<std::string(const TargetPlan&)>& text) {
  std::string all;
  for (const TargetPlan& target : plan.targets) all += (all.empty() ? "" : "; ") + text(target);
  return all;
}

}  // namespace pgupgrade::upgrade
