#pragma once

#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade::upgrade {

// Completes what programs before format 3 did not write: the steps, of which there was one sequence, and what
// is known of the targets, which stood as texts in the records of the steps that had found it. Throws Error
// of code E-JSON when one of these texts is none of theirs.
void complete_older(RunState& state);

}  // namespace pgupgrade::upgrade
