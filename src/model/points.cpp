#include "pgupgrade/model/points.hpp"

#include <algorithm>
#include <vector>

namespace pgupgrade {
namespace {

// A null for each step of the plan that passes the point and has no record.
std::vector<const StepRecord*> records_at(const RunState& state, Point point) {
  std::vector<const StepRecord*> records;
  for (const StepPlan& step : state.plan.steps) {
    if (!passes(step, point)) continue;
    const auto found = std::find_if(state.steps.begin(), state.steps.end(),
                                    [&](const StepRecord& record) { return record.step == step.name; });
    records.push_back(found == state.steps.end() ? nullptr : &*found);
  }
  return records;
}

}  // namespace

bool passes(const StepPlan& step, Point point) {
  return std::find(step.passes.begin(), step.passes.end(), point) != step.passes.end();
}

bool begun(const RunState& state, Point point) {
  const auto records = records_at(state, point);
  return std::any_of(records.begin(), records.end(), [](const StepRecord* record) {
    return record != nullptr && record->phase != StepPhase::undone;
  });
}

bool ever_begun(const RunState& state, Point point) {
  const auto records = records_at(state, point);
  return std::any_of(records.begin(), records.end(),
                     [](const StepRecord* record) { return record != nullptr; });
}

bool passed(const RunState& state, Point point) {
  const auto records = records_at(state, point);
  return !records.empty() && std::all_of(records.begin(), records.end(), [](const StepRecord* record) {
    return record != nullptr && record->phase == StepPhase::done;
  });
}

std::int64_t begun_ms(const RunState& state, Point point) {
  std::int64_t first = 0;
  for (const StepRecord* record : records_at(state, point))
    if (record != nullptr && (first == 0 || record->started_ms < first)) first = record->started_ms;
  return first;
}

std::int64_t ended_ms(const RunState& state, Point point) {
  std::int64_t last = 0;
  for (const StepRecord* record : records_at(state, point)) {
    if (record == nullptr || record->ended_ms == 0) return 0;
    last = std::max(last, record->ended_ms);
  }
  return last;
}

bool is_prepared(const RunState& state) {
  if (is_rehearsal(state.plan)) return false;
  if (state.outcome != RunOutcome::unfinished || state.direction != Direction::forward) return false;
  bool prepares = false;
  for (const StepPlan& step : state.plan.steps) {
    const auto record = std::find_if(state.steps.begin(), state.steps.end(),
                                     [&](const StepRecord& other) { return other.step == step.name; });
    const bool prepared = step.phase == Phase::prepare;
    if (prepared != (record != state.steps.end())) return false;
    if (prepared && record->phase != StepPhase::done) return false;
    prepares = prepares || prepared;
  }
  return prepares;
}

}  // namespace pgupgrade
