#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// The old data directory, whose server is stopped, into the copy of the place aside (see aside.hpp), in place
// of what is there. The old one is only read. Error(failed, "E-COPY").
void copy_old_data(StepContext& context, const TargetPlan& target);

// Gives its room back.
void remove_copy(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
