#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pgupgrade/planning/estimates.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

constexpr std::int64_t kMostUnlike = 4;     // times as much data, or as little
constexpr std::int64_t kSmall = 100 << 20;  // bytes; below it the amount does not matter
constexpr double kLeast = 0.2;              // of the default rates
constexpr double kMost = 5;

bool is_alike(std::int64_t bytes, std::int64_t other) {
  const std::int64_t less = std::max(std::min(bytes, other), kSmall);
  return std::max(bytes, other) <= kMostUnlike * less;
}

}  // namespace

Workload workload_of(const std::vector<TargetPlan>& targets) {
  Workload workload;
  std::int64_t tables = 0;
  for (const TargetPlan& target : targets) {
    workload.bytes += target.data_bytes;
    if (!target.aside.copied_because.empty()) workload.copied_bytes += target.data_bytes;
    for (const DatabaseFacts& database : target.inventory.databases) tables += database.tables;
  }
  constexpr std::int64_t kMostTables = std::numeric_limits<int>::max();
  workload.tables = static_cast<int>(std::min(tables, kMostTables));
  return workload;
}

Forecast forecast(const std::string& strategy, const Workload& workload,
                  const std::vector<PastRun>& past_runs) {
  const StrategyRule& rule = rule_of(strategy);
  const std::int64_t by_default = rule.downtime_ms(workload);
  for (const PastRun& past : past_runs) {
    if (past.strategy != strategy || !is_alike(past.workload.bytes, workload.bytes)) continue;
    const auto expected = static_cast<double>(std::max<std::int64_t>(rule.downtime_ms(past.workload), 1));
    const double share = std::clamp(static_cast<double>(past.downtime_ms) / expected, kLeast, kMost);
    return {.ms = static_cast<std::int64_t>(static_cast<double>(by_default) * share),
            .basis = fmt::format("rates of run {}", past.run_id)};
  }
  return {.ms = by_default, .basis = "default rates"};
}

}  // namespace pgupgrade::planning
