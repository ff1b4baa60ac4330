#include "pgupgrade/upgrade/command/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "upgrade/back/new_writes.hpp"
#include "upgrade/back/way_back.hpp"
#include "upgrade/cluster/conversion.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/command/drift.hpp"
#include "upgrade/command/end_rehearsal.hpp"
#include "upgrade/command/report.hpp"
#include "upgrade/command/wait_for_window.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/runner.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

char sign_of(const StepPlan& step) {
  if (passes(step, Point::replaces_data)) return '-';
  return passes(step, Point::declares) ? '~' : ' ';
}

void remove_socket_directories(const World& world, const Plan& plan) {
  for (std::size_t index = 0; index < plan.targets.size(); ++index) {
    remove_tree(private_directory(world.socket_root, plan.run_id, index));
  }
}

void clear_leftovers(World& world, const Plan& plan) {
  for (const TargetPlan& target : plan.targets) stop_leftover_servers(world, plan, target);
  remove_leftover_work(world, plan.run_id);
}

Runner runner_of(const Steps& steps, Journal& journal, World& world, Listener& listener) {
  return {steps, journal, world, listener, [&journal, &world](const TargetPlan& target) {
            stop_leftover_servers(world, journal.state().plan, target);
            remove_leftover_work(world, journal.state().plan.run_id, target.service);
          }};
}

// The volumes are unlocked last: what is recorded as unfinished must not look free to another run.
void end_run(Journal& journal, World& world, RunOutcome outcome) {
  const Plan& plan = journal.state().plan;
  remove_leftover_work(world, plan.run_id);
  remove_socket_directories(world, plan);
  world.probe.reach("end:tidied");
  journal.finish(outcome);
  world.probe.reach("end:recorded");
  unlock_data(world, plan);
}

std::size_t steps_of_part(const Plan& plan, Until until) {
  if (const auto count = steps_until(plan, until)) return *count;
  throw Error(ErrorKind::usage, "E-PART",
              fmt::format("cannot carry out strategy \"{}\" by parts: it empties no data directory",
                          printable(plan.strategy)),
              "take the strategy that does: --strategy dump --backup tar");
}

void prepare(const Steps& steps, Journal& journal, World& world, Listener& listener) {
  runner_of(steps, journal, world, listener)
      .run_forward(steps_of_part(journal.state().plan, Until::prepared));
}

// What runs beside the user's server stays at a halt: it is what the run goes on with.
Report go_forward(const Steps& steps, Journal& journal, World& world, Listener& listener) {
  const std::size_t count = steps_of_part(journal.state().plan, journal.state().until);
  runner_of(steps, journal, world, listener).run_forward(count);
  if (count < steps.size()) return make_report(journal, world.clock.unix_ms());
  if (is_rehearsal(journal.state().plan)) {
    Report report = make_report(journal, world.clock.unix_ms());
    report.kept = end_rehearsal(journal, world, listener);
    report.outcome = RunOutcome::succeeded;  // though it may be cleaned up by now
    return report;
  }
  end_run(journal, world, RunOutcome::succeeded);
  return make_report(journal, world.clock.unix_ms());
}

// Prepared, until then. What has changed meanwhile is found before anything stops.
Report go_forward_at(std::int64_t not_before_ms, const Steps& steps, Journal& journal, World& world,
                     Listener& listener) {
  wait_for_window(steps, journal, world, listener, not_before_ms);
  refuse_stale_plan(journal, world);
  return go_forward(steps, journal, world, listener);
}

// The steps that are left, by hand, for an undo that cannot be carried out.
std::string manual_steps(const Journal& journal, const Error& error) {
  const Plan& plan = journal.state().plan;
  std::string text;
  for (const TargetPlan* target : journal.targets_not_back())
    text += strategy_of(plan).way_back(plan).by_hand(journal, *target, error);
  return text;
}

Report go_back(const Steps& steps, Journal& journal, World& world, Listener& listener) {
  try {
    clear_leftovers(world, journal.state().plan);
    Runner(steps, journal, world, listener).run_back();
    end_run(journal, world, RunOutcome::rolled_back);
  } catch (const std::exception& exception) {
    Error error = as_error(exception);
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::engine_unreachable) throw error;
    error.set_moment(Moment::going_back);
    const std::string by_hand = manual_steps(journal, error);
    error.set_hint(error.hint().empty() || backup::is_damage(error) ? by_hand
                                                                    : error.hint() + "; " + by_hand);
    throw error;
  }
  return make_report(journal, world.clock.unix_ms());
}

// For what is done between the steps on behalf of the one that passes the point.
StepContext context_at(Point point, Journal& journal, World& world, Listener& listener) {
  StepContext context{.journal = journal, .world = world, .listener = listener, .step = {}};
  for (const StepPlan& step : journal.state().plan.steps)
    if (passes(step, point)) context.step = step.name;
  return context;
}

// A way back that cannot be gone to its end is not begun: once begun, there would be no way forward either.
void prove_way_back(Journal& journal, World& world, Listener& listener) {
  if (!journal.begun(Point::replaces_data)) return;
  const Plan& plan = journal.state().plan;
  StepContext context = context_at(Point::replaces_data, journal, world, listener);
  // Found while everything still runs, rather than when the new server has been stopped.
  for (const TargetPlan* target : journal.targets_not_back()) {
    const auto own = find_service_container(world, plan, target->service);
    refuse_users(context, *target,
                 fmt::format("bring the old data back into {}", data_name(target->data_mount)),
                 "pgupgrade rollback", own ? own->id : "", ClientsAre::still_to_be_stopped);
  }
  strategy_of(plan).way_back(plan).prove(context);
}

// Of several volumes some may be locked already, and a lock whose reply was lost is there all the same. The
// first error is the one to tell.
void release_quietly(World& world, const Plan& plan) {
  try {
    unlock_data(world, plan);
  } catch (const Error&) {
  }
}

// Where none is known to have been begun, all count as the step does.
void take_targets_as_begun(Journal& journal, const StepRecord& record) {
  if (record.targets.empty()) return;
  for (const TargetPlan& target : journal.state().plan.targets)
    if (!record.targets.contains(target.service)) journal.record_target_started(record.step, target.service);
}

// From the generation before: the step that comes next may have been begun, by the record that was lost, or
// another target of one that is under way.
void allow_for_lost_record(Journal& journal, World& world) {
  if (!journal.may_be_behind() || journal.state().direction == Direction::back ||
      journal.state().outcome != RunOutcome::unfinished) {
    return;
  }
  for (const StepPlan& step : journal.state().plan.steps) {
    if (const StepRecord* record = journal.find(step.name)) {
      if (record->phase == StepPhase::started) take_targets_as_begun(journal, *record);
      continue;
    }
    journal.record_started(step.name, world.clock.unix_ms());
    return;
  }
}

// A process that died right after it had recorded the end left its volumes locked.
void release_if_ended(const Journal& journal, World& world) {
  if (journal.state().outcome != RunOutcome::unfinished) unlock_data(world, journal.state().plan);
}

void refuse_ended(const Journal& journal) {
  const RunOutcome outcome = journal.state().outcome;
  if (outcome == RunOutcome::unfinished || outcome == RunOutcome::succeeded) return;
  throw Error(ErrorKind::usage, "E-ENDED",
              fmt::format("cannot resume run {}: it was {}", journal.state().plan.run_id,
                          outcome == RunOutcome::cleaned ? "cleaned up" : "rolled back"),
              journal.state().plan.site == kContainerSite
                  ? "start a new one: pgupgrade --container NAME --to MAJOR"
                  : "start a new one: pgupgrade --compose FILE --to MAJOR");
}

void refuse_unfinished_runs(const Plan& plan) {
  for (const FoundRun& run : find_runs(plan.state_root)) {
    if (run.state && run.state->outcome != RunOutcome::unfinished) continue;
    throw Error(ErrorKind::locked, "E-UNFINISHED",
                run.state ? fmt::format("cannot start: run {} in {} has not finished", run.state->plan.run_id,
                                        plan.state_root)
                          : fmt::format("could not start: {} ({})", run.state_file.string(), run.problem),
                fmt::format("pgupgrade resume --state {0}, or: pgupgrade rollback --state {0}",
                            shell_word(run.state_file.string())));
  }
}

[[noreturn]] void refuse_new_writes(const Plan& plan) {
  throw Error(
      ErrorKind::refused, "E-NEW-WRITES",
      fmt::format("cannot roll run {} back without losing what was written to the new server since it was "
                  "started",
                  plan.run_id),
      "to discard it: pgupgrade rollback --discard-new-writes");
}

class SilentListener final : public Listener {
 public:
  void step(const StepEvent&) override {}
  void progress(const Progress&) override {}
  void message(const Diagnostic&) override {}
};

// An image that cannot be had or does not fit is found out before anything is stopped: then the run never
// was. What a command of the user's has done stays done, so its run does as well.
void withdraw_untouched(const Steps& steps, Journal& journal, World& world, const Error& error) {
  const bool found = error.kind() == ErrorKind::failed || error.kind() == ErrorKind::refused ||
                     (error.kind() == ErrorKind::difference && is_rehearsal(journal.state().plan));
  if (journal.begun(Point::stops_clients) || error.is("E-HOOK") || !found) return;
  SilentListener silent;
  try {
    clear_leftovers(world, journal.state().plan);
    Runner(steps, journal, world, silent).run_back();
  } catch (const std::exception&) {
    return;  // the first error is the one to tell; what is left is a run to roll back
  }
  end_run(journal, world, RunOutcome::rolled_back);
  remove_tree(journal.files().directory);
}

}  // namespace

std::vector<PlannedStep> planned_steps(const Plan& plan) {
  std::vector<PlannedStep> planned;
  const Steps steps = steps_of(plan);
  for (std::size_t index = 0; index < steps.size(); ++index) {
    const StepPlan& step = plan.steps[index];
    planned.push_back({.number = static_cast<int>(index) + 1,
                       .name = step.name,
                       .description = steps[index]->describe(plan),
                       .sign = sign_of(step),
                       .phase = step.phase,
                       .passes = step.passes});
  }
  return planned;
}

namespace {

// The rest of what resume_upgrade does, under the lock, with the journal read anew.
Report go_on(const Steps& steps, Journal& journal, World& world, Listener& listener,
             std::optional<std::int64_t> not_before_ms, std::optional<Until> until = std::nullopt) {
  const Plan plan = journal.state().plan;
  if (is_prepared(journal.state()))
    refuse_stale_plan(journal, world);
  else
    refuse_drift(journal, world);
  refuse_older_state(journal, world, steps);
  lock_data(world, plan, describe_holder(plan));
  if (until) journal.halt_at(*until);  // nothing refuses it any more
  allow_for_lost_record(journal, world);
  await_conversion(world, plan);
  if (!is_prepared(journal.state())) clear_leftovers(world, plan);
  world.probe.reach("resume:leftovers-removed");
  if (!not_before_ms) return go_forward(steps, journal, world, listener);
  prepare(steps, journal, world, listener);
  return go_forward_at(*not_before_ms, steps, journal, world, listener);
}

}  // namespace

Report start_upgrade(const Plan& plan, World& world, Listener& listener, const Extent& extent) {
  steps_of_part(plan, extent.until);
  const std::string holder = describe_holder(plan);
  const FileLock lock = lock_state_root(plan.state_root, holder, world.clock);
  refuse_unfinished_runs(plan);
  const Steps steps = steps_of(plan);
  const RunFiles files{.directory = std::filesystem::path(plan.state_root) / plan.run_id};
  Journal journal =
      Journal::create(files, {.until = extent.until, .created_ms = world.clock.unix_ms(), .plan = plan});
  world.probe.reach("begin:state-written");
  try {
    lock_data(world, plan, holder);
    refuse_stale_plan(journal, world);
  } catch (const std::exception&) {
    release_quietly(world, plan);
    remove_tree(files.directory);  // nothing was touched; a refused run leaves no state behind
    throw;
  }
  world.probe.reach("begin:locked");
  try {
    if (!extent.not_before_ms) return go_forward(steps, journal, world, listener);
    prepare(steps, journal, world, listener);
  } catch (const Error& error) {
    withdraw_untouched(steps, journal, world, error);
    throw;
  }
  return go_forward_at(*extent.not_before_ms, steps, journal, world, listener);
}

void give_up_rehearsals(const std::filesystem::path& state_root, World& world) {
  SilentListener silent;
  for (const FoundRun& run : find_runs(state_root)) {
    if (!run.state || !is_rehearsal(run.state->plan) || run.state->outcome != RunOutcome::unfinished)
      continue;
    roll_back(run.state_file, NewWrites::keep, world, silent);
    remove_tree(run.state_file.parent_path());
  }
}

Report resume_upgrade(const std::filesystem::path& state_file, World& world, Listener& listener,
                      std::optional<std::int64_t> not_before_ms) {
  Journal journal = Journal::open_file(state_file);
  const Plan plan = journal.state().plan;
  const std::string holder = describe_holder(plan);
  const FileLock lock = lock_state_root(plan.state_root, holder, world.clock);
  journal = Journal::open_file(state_file);  // what was read before the lock may be another process's past
  release_if_ended(journal, world);
  refuse_ended(journal);
  if (journal.state().outcome == RunOutcome::succeeded) return make_report(journal, world.clock.unix_ms());
  const Steps steps = steps_of(plan);
  if (not_before_ms) refuse_late_wait(journal.state());
  if (journal.state().direction == Direction::back) {
    refuse_other_engine(journal, world);
    refuse_changed_edits(journal);
    lock_data(world, plan, holder);  // somebody may have released it since
    return go_back(steps, journal, world, listener);
  }
  const Until halt = halted_at(journal.state());
  if (halt == Until::dumped || halt == Until::wiped) return make_report(journal, world.clock.unix_ms());
  if (journal.state().until == Until::prepared && (halt == Until::prepared || not_before_ms))
    journal.halt_at(Until::end);
  return go_on(steps, journal, world, listener, not_before_ms);
}

Report carry_on(const std::filesystem::path& state_file, const Extent& extent, World& world,
                Listener& listener) {
  Journal journal = Journal::open_file(state_file);
  const Plan plan = journal.state().plan;
  const FileLock lock = lock_state_root(plan.state_root, describe_holder(plan), world.clock);
  journal = Journal::open_file(state_file);
  refuse_other_part(journal.state(), extent.until);
  steps_of_part(plan, extent.until);
  if (extent.not_before_ms) refuse_late_wait(journal.state());
  return go_on(steps_of(plan), journal, world, listener, extent.not_before_ms, extent.until);
}

Report roll_back(const std::filesystem::path& state_file, NewWrites writes, World& world,
                 Listener& listener) {
  Journal journal = Journal::open_file(state_file);
  const Plan plan = journal.state().plan;
  const std::string holder = describe_holder(plan);
  const FileLock lock = lock_state_root(plan.state_root, holder, world.clock);
  journal = Journal::open_file(state_file);
  if (journal.state().outcome == RunOutcome::rolled_back) {
    release_if_ended(journal, world);
    return make_report(journal, world.clock.unix_ms());
  }
  if (journal.state().outcome == RunOutcome::cleaned) {
    throw Error(ErrorKind::refused, "E-CLEANED",
                fmt::format("cannot roll run {} back: its {} was removed by cleanup", plan.run_id,
                            plan.backup == Backup::tar ? "backup" : "old data"));
  }
  const Steps steps = steps_of(plan);
  const bool forward = journal.state().direction == Direction::forward;
  const bool keep = forward && writes == NewWrites::keep;
  if (keep && (journal.passed(Point::serves) || journal.begun(Point::releases_clients)))
    refuse_new_writes(plan);
  refuse_other_engine(journal, world);
  refuse_changed_edits(journal);
  refuse_older_state(journal, world, steps);
  lock_data(world, plan, holder);
  allow_for_lost_record(journal, world);
  StepContext serving = context_at(Point::serves, journal, world, listener);
  if (keep && may_have_been_written(serving)) refuse_new_writes(plan);
  if (forward) prove_way_back(journal, world, listener);
  return go_back(steps, journal, world, listener);
}

}  // namespace pgupgrade::upgrade
