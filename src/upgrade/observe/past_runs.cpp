#include <algorithm>

#include "pgupgrade/model/points.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "upgrade/observe/observe_parts.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::int64_t kStandstill = 60'000;  // milliseconds between two steps: the run had halted

bool prepares(const RunState& state, const StepRecord& record) {
  return std::any_of(state.plan.steps.begin(), state.plan.steps.end(), [&](const StepPlan& step) {
    return step.name == record.step && step.phase == Phase::prepare;
  });
}

// A window that was cut off, or went by parts, was down for as long as somebody left it. What comes before it
// may be done again.
bool went_through(const RunState& state) {
  const bool succeeded = state.outcome == RunOutcome::succeeded ||
                         (state.outcome == RunOutcome::cleaned && state.direction == Direction::forward);
  std::int64_t ended = 0;
  for (const StepRecord& record : state.steps) {
    if (prepares(state, record)) continue;
    if (record.attempt > 1 || (ended != 0 && record.started_ms - ended > kStandstill)) return false;
    ended = record.ended_ms;
  }
  return succeeded;
}

bool libc_changed(const RunState& state) {
  return std::any_of(state.plan.targets.begin(), state.plan.targets.end(), [&](const TargetPlan& target) {
    const auto known = state.targets.find(target.service);
    return known == state.targets.end() || !known->second.same_libc;
  });
}

PastRun past_run(const RunState& state) {
  PastRun past{.run_id = state.plan.run_id,
               .strategy = state.plan.strategy,
               .workload = planning::workload_of(state.plan.targets)};
  past.workload.jobs = state.plan.jobs;
  past.workload.reads_rows = state.plan.verify == Verify::full;
  past.workload.libc_changes = libc_changed(state);
  past.workload.backs_up = state.plan.backup == Backup::tar;
  past.downtime_ms = ended_ms(state, Point::releases_clients) - begun_ms(state, Point::stops_clients);
  return past;
}

}  // namespace

std::vector<PastRun> observe_past_runs(const std::filesystem::path& state_root,
                                       const std::string& engine_id) {
  std::vector<PastRun> past;
  for (const FoundRun& run : find_runs(state_root))
    if (run.state && run.state->plan.engine_id == engine_id && went_through(*run.state))
      past.push_back(past_run(*run.state));
  std::erase_if(past, [](const PastRun& run) { return run.downtime_ms <= 0; });
  return past;
}

}  // namespace pgupgrade::upgrade
