#pragma once

#include "upgrade/context.hpp"

namespace pgupgrade::upgrade {

// The wipe's datum that says, before the first file goes, that from here on the backup is the truth.
inline constexpr const char* kEmptying = "emptying";

// Whether somebody has started the old container since the run stopped it; it need not run any more.
bool old_server_ran_again(StepContext& context, const TargetPlan& target);

// Gives the data mount back as the backup has it. Nothing runs on it meanwhile: the old container, if
// somebody started it on the emptied mount, is stopped; anything else is Error(refused, "E-VOLUME-IN-USE").
// When the mount was never emptied and the old server has run again since, what it wrote is newer than the
// backup: then the mount is left as it is.
void put_back_old_data(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
