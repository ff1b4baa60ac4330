#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "upgrade/steps/steps.hpp"
#include "upgrade/strategy/strategies.hpp"

namespace pgupgrade::upgrade {
namespace {

[[noreturn]] void refuse_unknown(const Plan& plan, const std::string& what) {
  throw Error(
      ErrorKind::usage, "E-STRATEGY",
      fmt::format("cannot continue run {}: this version of pgupgrade does not know {}", plan.run_id, what),
      fmt::format("use the version that started the run: {}", printable(plan.tool_version)));
}

}  // namespace

void add_hook(Steps& steps, const char* option, const std::string& command) {
  if (!command.empty()) steps.push_back(make_hook_step(option, command));
}

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> table = {
      dump_strategy(),
      warm_strategy(),
  };
  return table;
}

const Strategy* find_strategy(const std::string& name) {
  const auto& table = strategies();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Strategy& strategy) { return strategy.name == name; });
  if (found != table.end()) return &*found;
  static const Strategy rehearsal = rehearsal_strategy();  // which nobody chooses to upgrade by
  return name == rehearsal.name ? &rehearsal : nullptr;
}

const Strategy& strategy_of(const Plan& plan) {
  const Strategy* strategy = find_strategy(plan.strategy);
  if (strategy == nullptr) refuse_unknown(plan, fmt::format("its strategy \"{}\"", printable(plan.strategy)));
  return *strategy;
}

void add_steps(Plan& plan) {
  plan.steps.clear();
  Phase phase = Phase::prepare;
  for (const auto& step : strategy_of(plan).steps(plan)) {
    StepPlan planned{.name = std::string(step->name()), .passes = step->passes()};
    const bool opens = step->opens_window() || passes(planned, Point::stops_clients);
    if (opens && phase == Phase::prepare) phase = Phase::window;
    planned.phase = phase;
    if (passes(planned, Point::releases_clients)) phase = Phase::after;
    plan.steps.push_back(std::move(planned));
  }
}

Steps steps_of(const Plan& plan) {
  if (plan.steps.empty())
    throw Error(ErrorKind::internal, "E-INTERNAL",
                fmt::format("the plan of run {} has no steps", plan.run_id));
  Steps known = strategy_of(plan).steps(plan);
  Steps steps;
  for (const StepPlan& planned : plan.steps) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& step) {
      return step != nullptr && step->name() == planned.name;
    });
    if (found == known.end()) refuse_unknown(plan, fmt::format("its step \"{}\"", printable(planned.name)));
    steps.push_back(std::move(*found));
  }
  return steps;
}

}  // namespace pgupgrade::upgrade
