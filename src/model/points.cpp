#include "pgupgrade/model/points.hpp"

#include <algorithm>
#include <vector>

namespace pgupgrade {
namespace {

const StepRecord* find_record(const RunState& state, const std::string& step) {
  const auto found = std::find_if(state.steps.begin(), state.steps.end(),
                                  [&](const StepRecord& record) { return record.step == step; });
  return found == state.steps.end() ? nullptr : &*found;
}

// A null for each step of the plan that passes the point and has no record.
std::vector<const StepRecord*> records_at(const RunState& state, Point point) {
  std::vector<const StepRecord*> records;
  for (const StepPlan& step : state.plan.steps)
    if (passes(step, point)) records.push_back(find_record(state, step.name));
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

std::optional<std::size_t> steps_until(const Plan& plan, Until until) {
  const auto& steps = plan.steps;
  const auto index_of = [&](auto found) { return static_cast<std::size_t>(found - steps.begin()); };
  if (until == Until::end) return steps.size();
  if (is_rehearsal(plan)) return std::nullopt;
  if (until == Until::prepared) {
    const auto first = std::find_if(steps.begin(), steps.end(),
                                    [](const StepPlan& step) { return step.phase != Phase::prepare; });
    return index_of(first) > 0 ? std::optional(index_of(first)) : std::nullopt;
  }
  const auto replaces = std::find_if(steps.begin(), steps.end(), [](const StepPlan& step) {
    return passes(step, Point::replaces_data) && !passes(step, Point::fills_place);
  });
  const bool fills_later = std::any_of(replaces, steps.end(),
                                       [](const StepPlan& step) { return passes(step, Point::fills_place); });
  if (!fills_later) return std::nullopt;
  return index_of(replaces) + (until == Until::wiped ? 1 : 0);
}

namespace {

// Whether the first steps are done, and no other has been begun.
bool stands_after(const RunState& state, std::size_t count) {
  if (state.steps.size() != count) return false;
  for (std::size_t index = 0; index < count; ++index) {
    const StepRecord* record = find_record(state, state.plan.steps[index].name);
    if (record == nullptr || record->phase != StepPhase::done) return false;
  }
  return true;
}

}  // namespace

Until halted_at(const RunState& state) {
  if (state.outcome != RunOutcome::unfinished || state.direction != Direction::forward) return Until::end;
  for (const auto& [service, target] : state.targets)
    if (target.given_up == GivenUp::going_back) return Until::end;
  for (const Until until : {Until::prepared, state.until}) {
    const auto count = steps_until(state.plan, until);
    if (until != Until::end && count && stands_after(state, *count)) return until;
  }
  return Until::end;
}

}  // namespace pgupgrade
