#pragma once

#include "pgupgrade/upgrade/journal.hpp"
#include "pgupgrade/upgrade/world.hpp"

namespace pgupgrade::upgrade {

// Refuses to go on with a run whose world is another one: Error(refused, "E-DRIFT") says what drifted. Asked
// before a resume; a rollback asks for the engine only, since putting back is what it is for.
void refuse_drift(const Journal& journal, World& world);
void refuse_other_engine(const Journal& journal, World& world);

}  // namespace pgupgrade::upgrade
