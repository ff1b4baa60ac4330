#pragma once

#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade::upgrade {

// Completes what programs before format 3 did not write: the steps, of which there was one sequence.
void complete_older(RunState& state);

}  // namespace pgupgrade::upgrade
