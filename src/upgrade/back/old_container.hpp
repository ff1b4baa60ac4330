#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Starts the old server, whose data is in its place: its container where that is still there, else one that
// the site makes again. May be called again after it was cut off anywhere.
void start_old_server(StepContext& context, const TargetPlan& target);

// Makes one like the new container, of the old image's id, with the old mount and PGDATA, and gives it the
// name. Nothing is started. Answers whether it is there: there may be none to make it like, or no old image.
bool make_old_container(StepContext& context, const TargetPlan& target);

// Compose makes the old container again from the old files. Where it cannot (a variable that the project
// needs is not set, a file is broken), one is made like the new container, of the old image's id, with the
// old mount and PGDATA: a way back does not hang on the project's files. What is to be done afterwards is a
// warning (W-COMPOSE-UP, W-OLD-IMAGE). May be called again likewise. Error(failed, "E-OLD-IMAGE") when the
// old image is gone; Compose's own error when there is no container of the service to make one like.
void start_old_through_compose(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
