// A run that has not finished: an obstacle to another one, but to what it was prepared for.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command/upgrade_parts.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

namespace {

// What of a plan the command line names otherwise.
bool names_other(const Arguments& arguments, const Plan& plan) {
  const auto is_target = [&](const std::string& name) {
    return std::any_of(plan.targets.begin(), plan.targets.end(), [&](const TargetPlan& target) {
      return target.service == name ||
             (!arguments.container.empty() && target.container_id.starts_with(name));
    });
  };
  const auto& services = arguments.services;
  if (arguments.container.empty() == (plan.site == kContainerSite)) return true;
  if (!arguments.container.empty() && !is_target(arguments.container)) return true;
  if (!services.empty() &&
      (services.size() != plan.targets.size() || !std::all_of(services.begin(), services.end(), is_target)))
    return true;
  return (!arguments.project_name.empty() && arguments.project_name != plan.project) ||
         (arguments.strategy != kAuto && arguments.strategy != plan.strategy) ||
         (!arguments.backup.empty() && (arguments.backup == "aside") != (plan.backup == Backup::aside)) ||
         (!arguments.keep_dumps.empty() && plan.dump_directory.empty()) ||
         (!arguments.backup_dir.empty() && plan.backup_directory.empty()) ||
         (asked_verify(arguments) && asked_verify(arguments) != plan.verify);
}

// Of the same Compose files; one of a run's own may have come to them.
bool has_files_of(const Request& request, const Plan& plan) {
  const auto& files = plan.location.files;
  return std::all_of(request.project.files.begin(), request.project.files.end(), [&](const auto& file) {
    return std::find(files.begin(), files.end(), file) != files.end();
  });
}

bool is_prepared_for(const Arguments& arguments, const Request& request, const RunState& state) {
  if (arguments.command == Command::plan || arguments.command == Command::rehearse || arguments.dry_run)
    return false;
  if (state.until == Until::dumped && arguments.command != Command::dump) return false;
  const auto& targets = state.plan.targets;
  return !names_other(arguments, state.plan) && has_files_of(request, state.plan) &&
         std::all_of(targets.begin(), targets.end(),
                     [&](const TargetPlan& target) { return target.new_major == arguments.to; });
}

}  // namespace

// Told before looking at services that this very run has stopped; the error then speaks of that run's data.
// One that is prepared is no obstacle to what it was prepared for: the session's state file is then its.
void refuse_unfinished_run(Session& session, const Request& request) {
  for (const upgrade::FoundRun& run : upgrade::find_runs(request.state_root)) {
    if (run.state && (run.state->outcome != RunOutcome::unfinished || is_rehearsal(run.state->plan)))
      continue;
    session.state_file = run.state_file;
    if (run.state && is_prepared(*run.state) && is_prepared_for(session.arguments, request, *run.state))
      return;
    const std::string file = printable(run.state_file.native(), 500);
    throw Error(ErrorKind::locked, "E-UNFINISHED",
                run.state ? fmt::format("cannot start another run: {} is {}", file, outcome_text(*run.state))
                          : fmt::format("cannot start another run: {} could not be read: {}", file,
                                        printable(run.problem, 500)));
  }
}

}  // namespace pgupgrade::cli
