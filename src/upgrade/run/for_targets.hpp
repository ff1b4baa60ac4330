#pragma once

#include <functional>

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Whether it loses nothing by going back: what would come back is whole, and nobody may have written to its
// new server, which is stopped for that question when it runs. Defined in src/upgrade/strategy/, above the
// rooms that know.
bool can_go_back_alone(StepContext& context, const TargetPlan& target);

// Does what a step does for one target. With --keep-going a target for which it fails is given up, unless it
// is the last, or going back would lose something: the runner then takes it back, and the others go on. True
// when it was done.
bool done_for(StepContext& context, const TargetPlan& target, const std::function<void()>& action);

// Does it for all targets of the step: for several at once, each in a thread, as far as the world has it.
// What they tell comes one after the other, and progress of the first that is under way alone.
void for_targets(StepContext& context,
                 const std::function<void(StepContext& own, const TargetPlan& target)>& action);

}  // namespace pgupgrade::upgrade
