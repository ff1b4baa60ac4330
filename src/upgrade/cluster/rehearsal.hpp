#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// The new image, and whom its clusters belong to ("uid:gid" of a user that it knows).
struct RehearsalImage {
  std::string id;
  std::string owner;
};

struct RehearsalFindings {
  // Errors (E-REHEARSAL for what the new version refuses, E-LEFT-BEHIND for what the new cluster would not
  // have or have otherwise), or warnings when their code is acknowledged in the plan; a warning when there
  // could be no rehearsal.
  Diagnostics diagnostics;
  std::vector<std::string> differences;  // those of E-LEFT-BEHIND, as differences() says them
};

// Restores what a target's running server is made of, and the rows of its small databases, in a work
// container of the new image, and compares the catalogs. `target` is one of the plan's. The old server is
// read, nothing else; what was made is removed before this returns or throws. Errors are those of the engine,
// and interruption.
RehearsalFindings rehearse(World& world, const Plan& plan, const TargetPlan& target,
                           const RehearsalImage& image);

// What a rehearsal that was cut off has left: its volume. Its containers go with those of the run.
void remove_rehearsal(World& world, const Plan& plan, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
