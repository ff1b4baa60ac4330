#pragma once

#include <cstdint>

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

// Everything that can be done while the service runs is done, and nothing beyond has been begun.
bool is_prepared(const RunState& state);

}  // namespace pgupgrade
