// Values with every field set to something other than its default, so that a forgotten field shows.
#pragma once

#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade::samples {

Inventory inventory();
ImageFacts image();
Plan plan();
RunState run_state();
Fingerprint fingerprint();

}  // namespace pgupgrade::samples
