#pragma once

#include <memory>
#include <string>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// A copy of the running old server's data directory, and a standby in a work container that follows the
// server until it is stopped. Nothing is changed on the server: its replication slots for this are temporary
// ones, which end with their connections, so no WAL is kept for a standby that is gone.

// Copies the data directory into the place aside and starts the standby. An earlier copy is removed first.
void make_copy(StepContext& context, const TargetPlan& target);

// The standby, started again when it does not run: beside the old server while that runs, else alone, on what
// it has received.
std::unique_ptr<postgres::Server> standby(StepContext& context, const TargetPlan& target);

// Waits until it has almost everything. Error(failed, "E-STANDBY-LOST") when it does not follow.
void wait_until_following(StepContext& context, const TargetPlan& target);

// The copy becomes a cluster of its own, in a container without a network: what it does from here on nobody
// else sees. Its server runs.
std::unique_ptr<postgres::Server> cut_loose(StepContext& context, const TargetPlan& target);

// What a standby that was left running does, for `status`: "the copy of service db follows its server".
std::string describe_standby(World& world, const Plan& plan, const TargetPlan& target);

// The old server is stopped: waits, seconds at most, until the standby has replayed its shutdown checkpoint,
// and returns what the old cluster says of itself. Error(failed, "E-STANDBY-BEHIND") when it has not.
ControlData prove_complete(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
