#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Stops every client of the plan (those that depend on others first) and the restart policies that would
// bring them, or the target, back. Clients that Compose has replaced meanwhile are found by name.
void stop_clients(StepContext& context);
bool clients_stopped(StepContext& context);

// Gives back restart policies, and runs again those that ran when the run was planned, in the order of need.
void start_clients(StepContext& context);
bool clients_as_recorded(StepContext& context);

// Restart policies of the target's own container: off while we work, back afterwards.
void hold_restart_policy(StepContext& context, const std::string& container, bool auto_remove);
bool restart_policy_held(StepContext& context, const std::string& container);  // also when it is gone
void give_back_restart_policy(StepContext& context, const TargetPlan& target, const std::string& container);

}  // namespace pgupgrade::upgrade
