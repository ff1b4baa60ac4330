#pragma once

#include "cli/command/session.hpp"
#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade::cli {

// Shows each of them, as text or as events.
void tell_diagnostics(Session& session, const Diagnostics& diagnostics);

// Shows them, errors first, and gives the exit code of a plan that is refused.
int refuse(Session& session, const Diagnostics& diagnostics);

}  // namespace pgupgrade::cli
