#pragma once

#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

// What the plan itself makes different is expected of the new cluster: the grants that it gives to roles.
// Replication origins that the user has accepted to lose, and
// objects in the schemas of the system that the user has accepted to lose are compared no more, nor are the
// values of generated columns that the user has accepted to be computed anew.
void expect_planned_changes(const Plan& plan, const TargetPlan& target, Fingerprint& old, Fingerprint& now);

}  // namespace pgupgrade::upgrade
