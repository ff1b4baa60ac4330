#pragma once

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// The target's manifest, proven to be the one that the backup step recorded. Error(failed,
// "E-BACKUP-DAMAGED") when it is gone or another.
backup::Manifest read_manifest(const StepContext& context, const TargetPlan& target);

// Reads the target's archive again, whole. Error(failed, "E-BACKUP-DAMAGED" | "E-BACKUP-HOSTILE") says what
// is wrong.
void verify_backup(const StepContext& context, const TargetPlan& target, const backup::Manifest& manifest);

// Both of them.
backup::Manifest read_backup_again(const StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
