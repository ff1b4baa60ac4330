#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "pgupgrade/model/run_state.hpp"

// How far a run has come, by the points that the steps of its plan pass.
namespace pgupgrade {

// A step that passes the point has been started, and is not undone.
bool begun(const RunState& state, Point point);
// The same, but a step that was undone counts too.
bool ever_begun(const RunState& state, Point point);
// All steps that pass the point are done. False of a point that no step passes.
bool passed(const RunState& state, Point point);

// Unix time in milliseconds at which the first of these steps was started; 0: none was.
std::int64_t begun_ms(const RunState& state, Point point);
// At which the last of them ended; 0: not all have.
std::int64_t ended_ms(const RunState& state, Point point);

bool passes(const StepPlan& step, Point point);

// How many steps of the plan there are until then. Nothing where the plan has no such part: a strategy that
// fills the place in which the old data was only once all is proven has nothing that is dumped and wiped.
std::optional<std::size_t> steps_until(const Plan& plan, Until until);
// Where an unfinished run has come to a halt: all that was asked for is done, and nothing beyond has been
// begun. Until::end: it has not. What is prepared halts there even when more was asked for.
Until halted_at(const RunState& state);
inline bool is_prepared(const RunState& state) {
  return halted_at(state) == Until::prepared;
}

}  // namespace pgupgrade
