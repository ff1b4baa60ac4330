#pragma once

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// pg_upgrade on the copy, in a container of the new image, with the old image's programs beside it.

// pg_upgrade --check of the standby, which goes on following, against a new, empty cluster that is made for
// it. Error(refused, "E-UPGRADE-CHECK") with what pg_upgrade found.
void check_conversion(StepContext& context, const TargetPlan& target);

// Makes the new cluster of the stopped copy, by hard links. May be called again after it was cut off: the
// copy's files stay as they are until a server of the new version has run for users. Error(failed,
// "E-CONVERT").
void convert_copy(StepContext& context, const TargetPlan& target);

// Lets a pg_upgrade that an earlier process of the run has left running come to its end. It has a server on
// the copy, which, cut off, would leave one that pg_upgrade refuses.
void await_conversion(World& world, const Plan& plan);

// Whether text may sort otherwise in the new image, as check_conversion() has found.
postgres::LibcCollations libc_collations(const StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
