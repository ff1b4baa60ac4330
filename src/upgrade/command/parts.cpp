// Which part of a run comes next: `dump`, `wipe`, `load`.
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"

namespace pgupgrade::upgrade {

void refuse_other_part(const RunState& state, Until until) {
  const Until halt = halted_at(state);
  const Until before = until == Until::dumped  ? Until::prepared
                       : until == Until::wiped ? Until::dumped
                                               : Until::wiped;
  const Point begins = until == Until::dumped  ? Point::stops_clients
                       : until == Until::wiped ? Point::replaces_data
                                               : Point::fills_place;
  const bool forward = state.outcome == RunOutcome::unfinished && state.direction == Direction::forward;
  const bool stands_before = until != Until::end && steps_until(state.plan, before) == state.steps.size();
  const bool again =
      forward && halt == Until::end && state.until == until && (begun(state, begins) || stands_before);
  if (halt == before || again) return;
  const std::string run = "run " + state.plan.run_id;
  throw Error(ErrorKind::usage, "E-PART",
              until == Until::dumped ? "cannot dump again: " + run + " is not one that `prepare` has prepared"
              : until == Until::wiped ? "cannot wipe: " + run + " has not halted with a proven dump"
                                      : "cannot load: " + run + " has not halted with its old data wiped",
              "pgupgrade status shows how far it has come, and what comes next");
}

}  // namespace pgupgrade::upgrade
