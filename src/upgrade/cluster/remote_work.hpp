#pragma once

#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// ANALYZE of all databases, but for the tables that have a foreign one among their children: those are
// named, and kept in the step's record for finish_remote_work().
void analyze_databases(StepContext& context, const TargetPlan& target, const WorkServer& server,
                       postgres::Server& connection);

// What an isolated server could not do, by the service itself, which has its network: REFRESH of materialized
// views over foreign tables, ANALYZE of what foreign tables are a part of. What cannot be done is a warning
// with the statement.
void finish_remote_work(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
