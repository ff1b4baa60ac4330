#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// A fresh, empty cluster of the new version in the data mount, like the old one in superuser, encoding,
// locale, checksums and WAL segment size. Whatever stands in the new data directory is removed first. The
// image's entrypoint has no part in it, so that no init script runs and no role or database of its own
// appears.
void create_new_cluster(StepContext& context, const TargetPlan& target);
// Gives it to the service's own user, where it was made by another. Beside the data that comes last:
// pg_upgrade runs as the user that made it.
void give_new_cluster(StepContext& context, const TargetPlan& target);

// Makes the stopped cluster's files durable: a restore ran without fsync.
void flush_new_cluster(StepContext& context, const TargetPlan& target);
// The same, once the files of a tar have been placed in its data directory.
void put_in_new_cluster(StepContext& context, const TargetPlan& target, const std::string& tar);

}  // namespace pgupgrade::upgrade
