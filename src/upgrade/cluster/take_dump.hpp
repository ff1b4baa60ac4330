#pragma once

#include <functional>
#include <vector>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// What the new version's programs take out of an old cluster whose server runs in a work container, alone and
// read-only.

// All that it holds, into the dump volume, which was made for it, and its fingerprint into the run's
// directory. Then the server is stopped. What a dump leaves behind is saved as well; `entries` lists the old
// data mount. Written last is the record by which the rest is known.
void take_dump(StepContext& context, const TargetPlan& target, TakenBy taken_by, WorkServer& server,
               postgres::Server& connection, const std::function<std::vector<backup::Entry>()>& list_entries);

// Whether that is whole.
bool is_dump_taken(StepContext& context, const TargetPlan& target);
// Whether what users have added to extensions is out of them, in a cluster that a dump was taken of: an
// attempt that was cut off has left it so.
bool has_members_out(const StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
