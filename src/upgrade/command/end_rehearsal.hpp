#pragma once

#include <vector>

#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

// Ends a rehearsal that has gone through all of its steps: removes what it has made, or hands the new
// clusters to servers that stay, which are returned. Then the run has succeeded, or is cleaned up already.
std::vector<KeptServer> end_rehearsal(Journal& journal, World& world, Listener& listener);

}  // namespace pgupgrade::upgrade
