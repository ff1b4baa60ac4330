#pragma once

#include "pgupgrade/backup/archive.hpp"
#include "upgrade/context.hpp"

namespace pgupgrade::upgrade {

// The target's manifest, proven to be the one that the backup step recorded, and its archive, read again
// whole. Error(failed, "E-BACKUP-DAMAGED") says what is wrong.
backup::Manifest read_backup_again(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
