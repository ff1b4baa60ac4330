// What the commands that plan and carry out an upgrade share.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/command/session.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"

namespace pgupgrade::cli {

struct LookedAt {
  planning::Planned planned;                      // with its steps, when it is a plan
  std::map<std::string, std::string> new_images;  // as SavedPlan::new_images
};
// Observes, showing what is looked at, and plans under that run id.
LookedAt look_and_plan(Session& session, Connection& connection, Request request, const std::string& run_id);

void tell_plan(Session& session, const Plan& plan);
// The exit code of a command that changes nothing; `lines` are said at its end.
int finish_dry_run(Session& session, const std::vector<std::string>& lines);

// Error(locked, "E-UNFINISHED") when another run under the state root has not finished. The session's state
// file is then that run's.
void refuse_unfinished_run(Session& session, const Request& request);

// Goes forward and tells what came of it; with --rollback-on-failure a failure is told and undone. Returns
// the exit code.
int go(Session& session, Connection& connection, const std::string& project,
       const std::function<upgrade::Report(upgrade::Listener&)>& action);

}  // namespace pgupgrade::cli
