#pragma once

#include <string>
#include <vector>

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// What of the old cluster is unlogged, by the files that its recovery would begin it anew from; relative to
// its data directory, ten at most. No server needs to run.
std::vector<std::string> unlogged_files(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
