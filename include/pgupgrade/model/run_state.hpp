#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/target_state.hpp"

namespace pgupgrade {

enum class Direction { forward, back };

enum class StepPhase {
  started,  // recorded before the action
  done,     // recorded after it
  undo_started,
  undone,
};

// Of a step that works on one target at a time, and of one of several targets. While there is none, it is not
// known how far the target has come within the step.
struct TargetRecord {
  StepPhase phase = StepPhase::started;  // never undo_started
  int attempt = 1;
  bool operator==(const TargetRecord&) const = default;
};

struct StepRecord {
  std::string step;
  StepPhase phase = StepPhase::started;
  int attempt = 1;
  std::int64_t started_ms = 0;  // Unix time in milliseconds
  std::int64_t ended_ms = 0;
  std::map<std::string, std::string> data;  // the step's own notes, which nobody else reads
  std::map<std::string, TargetRecord>
      targets;  // by service; of a plan with one target the record is the step's
  bool operator==(const StepRecord&) const = default;
};

// How far a run goes before it halts: to its end, or to that of a part that was asked for alone.
enum class Until {
  end,
  prepared,  // all is done that can be done while the service runs
  dumped,    // the dump of the old cluster is proven, and so is the backup; the old data is untouched
  wiped,     // the old data has left its place
};

enum class RunOutcome { unfinished, succeeded, rolled_back, cleaned };

// The run's saved state. The journal is its only writer.
struct RunState {
  int format = 1;
  std::int64_t generation = 0;  // one more with each write
  Direction direction = Direction::forward;
  RunOutcome outcome = RunOutcome::unfinished;
  Until until = Until::end;
  std::int64_t created_ms = 0;
  std::int64_t turned_back_ms = 0;  // when its rollback began; 0: it has not
  Plan plan;
  std::vector<StepRecord> steps;               // in the order in which they were first started
  std::map<std::string, TargetState> targets;  // by service
  bool operator==(const RunState&) const = default;
};

// Whether the rows of old and new were read and found equal; asked of a run that has succeeded.
inline bool compared_rows(const Plan& plan, const TargetState& target) {
  return plan.verify == Verify::full || target.rows_compared == RowsCompared::identical;
}

}  // namespace pgupgrade
