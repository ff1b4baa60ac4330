#pragma once

#include <string>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// The id of the image for work containers that need a shell and its usual companions, and no server: the old
// one, which is there as a rule. After an upgrade nothing refers to it any more, and `docker image prune`
// takes it, while `docker pull` brings a rebuilt one under another id: so another image of the project does
// as well. Where none is left, the old one is pulled; Error(failed, "E-PULL") when it cannot be had.
std::string utility_image(World& world, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
