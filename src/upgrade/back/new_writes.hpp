#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Right before the new service is started: what its cluster would show of a transaction from then on.
void remember_unused(StepContext& context, const TargetPlan& target);

// Whether clients may have written to a new server that was started, though the step `start` did not come to
// its end. Without being sure it says so: each transaction that writes takes an id, and so does the server's
// own autovacuum. A server that runs is stopped, for only then its control file tells; when the answer is
// yes, it is started again. A new server that somebody else had Compose start before the run did counts as
// written to.
bool may_have_been_written(StepContext& context);
bool may_have_been_written(StepContext& context,
                           const TargetPlan& target);  // the same of one, once it serves

}  // namespace pgupgrade::upgrade
