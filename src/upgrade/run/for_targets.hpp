#pragma once

#include <functional>

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Does what a step does for one target. With --keep-going a target for which it fails is given up, unless it
// is the last: the runner then takes it back, and the others go on. True when it was done.
bool done_for(StepContext& context, const TargetPlan& target, const std::function<void()>& action);

// Does it for all targets of the step: for several at once, each in a thread, as far as the world has it.
// What they tell comes one after the other, and progress of the first that is under way alone.
void for_targets(StepContext& context,
                 const std::function<void(StepContext& own, const TargetPlan& target)>& action);

}  // namespace pgupgrade::upgrade
