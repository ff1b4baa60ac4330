#pragma once

#include "pgupgrade/upgrade/run/journal.hpp"
#include "pgupgrade/upgrade/run/world.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"

namespace pgupgrade::upgrade {

// Refuses to go on with a run whose world is another one: Error(refused, "E-DRIFT") says what drifted. Asked
// before a resume; a rollback asks for the engine only, since putting back is what it is for, and for the
// files that it puts back.
void refuse_drift(const Journal& journal, World& world);
// The same before a run begins, when the plan may have waited for its confirmation while somebody else
// worked.
void refuse_stale_plan(const Journal& journal, World& world);
void refuse_other_engine(const Journal& journal, World& world);

// Error(refused, "E-STATE-OLD") when the run has left what its state says nothing about: an older generation
// was put into the newest's place, and the steps would be undone or done again from a wrong beginning. What
// is one record behind passes; see Journal::may_be_behind.
// `steps` are those of the run's plan.
void refuse_older_state(const Journal& journal, World& world, const Steps& steps);

// Error(refused, "E-COMPOSE-DRIFT") when a file that the run has edited was changed again by somebody, so
// that a rollback could not put the original back. Asked before a rollback stops anything.
void refuse_changed_edits(const Journal& journal);

}  // namespace pgupgrade::upgrade
