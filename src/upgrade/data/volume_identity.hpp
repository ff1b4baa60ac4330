#pragma once

#include <string>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// A volume is more than its name: one that was made anew under it has another CreatedAt. As the engine tells
// it; empty for a directory, and for a volume that is not there.
std::string volume_created_at(World& world, const Mount& data);

// Error(refused, "E-DRIFT") when the volume with the target's data is not the one that the run started with.
void refuse_other_volume(World& world, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
