#pragma once

#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

// The old cluster as the plan saw it, and as it is once it is stopped.
namespace pgupgrade::upgrade {

// template1 and postgres exist in a new cluster and are replaced first, each while connected to the other.
std::vector<std::string> databases_in_order(const Inventory& inventory);

// Between the plan and the freeze things may have come or gone: a client that was stopped at the wrong moment
// leaves a prepared transaction. Throws Error that says why the service could not be dumped, or its copy not
// converted or rehearsed: a dump leaves prepared transactions out, a physical copy has no slots.
enum class TakenBy { dump, copy, rehearsal };
void refuse_changed_cluster(const Inventory& now, const TargetPlan& target, TakenBy taken_by);

// Whether the old server is in use as ever: it runs, and no client has been stopped.
bool still_serves(StepContext& context, const TargetPlan& target);

// The old cluster's fingerprint, rows and all, into the run's directory; its digest into the step's record.
// Whether the rows are compared once the applications run again (Verify::deferred). For that a superuser's
// session holds them on the service's own server, so its password must be known, and has to have let it in
// before; and there may not be so many databases that the sessions take the applications' connections.
bool defers_rows(const StepContext& context, const TargetPlan& target);

void take_old_fingerprint(StepContext& context, const TargetPlan& target, postgres::Server& connection);
// As it was taken. Error(failed, "E-DUMP-DAMAGED") when it has changed since.
Fingerprint old_fingerprint(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
