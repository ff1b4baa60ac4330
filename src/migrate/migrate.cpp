#include "pgupgrade/migrate/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "migrate/context.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/observe.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

namespace {

// Both servers are still those of the plan, as far as their versions tell.
void refuse_other_servers(const Plan& plan, World& world) {
  const auto look = [&](const char* side, const SidePlan& planned, const postgres::RemoteServer& server) {
    if (planned.version_num / 10000 == server.version_num() / 10000 &&
        planned.superuser == server.is_superuser())
      return;
    throw Error(
        ErrorKind::refused, "E-DRIFT",
        fmt::format(
            "cannot continue: the {} ({}) is not as it was when the run started (PostgreSQL {}, role {})",
            side, planned.address, planned.version, printable(planned.role)),
        "connect to the same server as the same role, or run `pgupgrade rollback`, then start over");
  };
  look("source", plan.source, world.source);
  look("target", plan.target, world.target);
}

void remove_files(const Context& context) {
  for (const char* name : {"definitions", "dump", "list", "views"}) remove_tree(context.file(name));
}

// What was refused or interrupted leaves nothing half-filled behind. The first error is the one to tell.
void take_back(const Context& context) {
  try {
    if (context.database().create && is_ours(context.plan(), context.database(), context.world.target))
      drop_destination(context.plan(), context.database(), context.world.target);
    remove_files(context);
  } catch (const Error&) {
    // A resume or a rollback finds it by its mark.
  }
}

void copy_database(const Context& context) {
  DatabaseState& record = context.record();
  record.phase = Phase::copying;
  record.attempt += 1;
  record.started_ms = context.world.clock.unix_ms();
  record.notes.clear();
  save(context.state);
  context.reach("started");
  prepare_destination(context);
  try {
    context.reach("prepared");
    const auto snapshot = context.world.source.snapshot(context.database().name);
    const auto sequences = snapshot->sequences(context.database().schemas);
    copy_contents(context, *snapshot);
    verify(context, *snapshot, sequences);
    context.reach("verified");
    carry_properties(context);
    const Copying copying{.plan = context.plan(),
                          .database = context.database(),
                          .source = context.world.source.endpoint(),
                          .target = context.world.target.endpoint(),
                          .snapshot = {}};
    const ProgramOutput analyzed = context.world.programs.run(analyze(copying), {});
    if (!analyzed.succeeded()) record.notes.push_back("ANALYZE: " + printable(trim(analyzed.message), 500));
  } catch (const std::exception&) {
    take_back(context);
    throw;
  }
  record.phase = Phase::done;
  record.ended_ms = context.world.clock.unix_ms();
  save(context.state);
  context.reach("recorded");
  release_destination(context);
  context.reach("released");
  remove_files(context);
  save(context.state);
}

std::string detail_of(const DatabaseState& database) {
  return fmt::format("{}, {}: identical", plural(static_cast<std::uint64_t>(database.tables), "table"),
                     plural(static_cast<std::uint64_t>(database.rows), "row"));
}

void run(State& state, World& world, upgrade::Listener& listener) {
  create_roles(world, state);
  for (std::size_t i = 0; i < state.databases.size(); ++i) {
    const Context context{.world = world, .state = state, .index = i, .listener = listener};
    const DatabasePlan& database = context.database();
    upgrade::StepEvent event{.number = static_cast<int>(i) + 1,
                             .total = static_cast<int>(state.databases.size()),
                             .step = "copy " + printable(database.name)};
    if (database.into != database.name) event.step += " into " + printable(database.into);
    if (context.record().phase == Phase::done) {
      if (database.create && is_ours(state.plan, database, world.target)) release_destination(context);
      event.kind = upgrade::StepEventKind::already;
      event.detail = detail_of(context.record());
      listener.step(event);
      continue;
    }
    world.cancellation.throw_if_requested();
    const auto begun = world.clock.monotonic();
    listener.step(event);
    try {
      copy_database(context);
    } catch (Error& error) {
      event.kind = upgrade::StepEventKind::failed;
      event.duration_ms = (world.clock.monotonic() - begun).count();
      listener.step(event);
      throw;
    }
    event.kind = upgrade::StepEventKind::done;
    event.duration_ms = (world.clock.monotonic() - begun).count();
    event.detail = detail_of(context.record());
    listener.step(event);
  }
  state.outcome = RunOutcome::succeeded;
  save(state);
}

// What was refused at its beginning is no run that could go on; later it is a failure.
bool has_changed_anything(const State& state) {
  return !state.created_roles.empty() ||
         std::any_of(state.databases.begin(), state.databases.end(),
                     [](const DatabaseState& database) { return database.begun; });
}

State run_and_judge(State& state, World& world, upgrade::Listener& listener) {
  try {
    run(state, world, listener);
    return state;
  } catch (Error& error) {
    if (error.kind() != ErrorKind::refused) throw;
    if (has_changed_anything(state))
      error.set_moment(Moment::midway);
    else
      remove_tree(directory_of(state.plan));
    throw;
  }
}

}  // namespace

FileLock lock_run(const fs::path& directory) {
  create_private_directory(directory);
  auto lock = FileLock::try_acquire(directory / "lock");
  if (!lock)
    throw Error(ErrorKind::locked, "E-LOCKED",
                fmt::format("cannot work on {}: another process does", printable(directory.native(), 500)),
                "wait for it to finish");
  return std::move(*lock);
}

std::string Context::subject() const {
  return fmt::format("database \"{}\"", printable(database().name));
}

void Context::reach(const std::string& place) const {
  world.probe.reach(fmt::format("copy-{}:{}", index + 1, place));
}

fs::path Context::file(const std::string& name) const {
  return directory_of(plan()) / fmt::format("{}.{}", index + 1, name);
}

State start(const Plan& plan, World& world, upgrade::Listener& listener) {
  if (fs::exists(directory_of(plan)))
    throw Error(ErrorKind::usage, "E-STATE-EXISTS",
                fmt::format("cannot start run {}: {} exists", plan.run_id, directory_of(plan).string()));
  const FileLock lock = lock_run(directory_of(plan));
  State state;
  state.created_ms = world.clock.unix_ms();
  state.plan = plan;
  for (const DatabasePlan& database : plan.databases) {
    state.databases.emplace_back();
    state.databases.back().name = database.name;
  }
  save(state);
  return run_and_judge(state, world, listener);
}

State resume(const fs::path& state_file, World& world, upgrade::Listener& listener) {
  const FileLock lock = lock_run(fs::absolute(state_file).parent_path());
  State state = load(state_file);
  if (state.outcome == RunOutcome::succeeded) return state;
  if (state.outcome != RunOutcome::unfinished)
    throw Error(ErrorKind::usage, "E-ENDED",
                fmt::format("cannot resume: run {} was {}", state.plan.run_id,
                            state.outcome == RunOutcome::cleaned ? "cleaned up" : "rolled back"),
                "start a new one");
  refuse_other_servers(state.plan, world);
  return run_and_judge(state, world, listener);
}

State roll_back(const fs::path& state_file, Finished finished, postgres::RemoteServer& target) {
  const FileLock lock = lock_run(fs::absolute(state_file).parent_path());
  State state = load(state_file);
  if (state.outcome == RunOutcome::rolled_back || state.outcome == RunOutcome::cleaned)
    throw Error(ErrorKind::usage, "E-ENDED",
                fmt::format("cannot roll back: run {} was {}", state.plan.run_id,
                            state.outcome == RunOutcome::cleaned ? "cleaned up" : "rolled back"));
  std::vector<std::string> done;
  for (std::size_t i = 0; i < state.databases.size(); ++i)
    if (state.databases[i].phase == Phase::done) done.push_back(printable(state.plan.databases[i].into));
  if (!done.empty() && finished == Finished::keep)
    throw Error(
        ErrorKind::refused, "E-NEW-WRITES",
        fmt::format(
            "cannot roll back: it would drop the finished {} {} at the target ({}), with what was written "
            "to them since",
            done.size() == 1 ? "database" : "databases", join(done, ", "), state.plan.target.address),
        "pass --discard-new-writes if that is intended");
  for (std::size_t i = 0; i < state.databases.size(); ++i) {
    const DatabasePlan& database = state.plan.databases[i];
    if (!database.create) continue;
    if (state.databases[i].phase == Phase::done || is_ours(state.plan, database, target))
      drop_destination(state.plan, database, target);
    state.databases[i].phase = Phase::waiting;
  }
  for (const std::string& role : state.created_roles)
    target.execute(target.connect_database(), {"DROP ROLE IF EXISTS " + sql_identifier(role)});
  state.created_roles.clear();
  state.outcome = RunOutcome::rolled_back;
  save(state);
  return state;
}

std::vector<std::string> leftovers(const State& state) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory_of(state.plan), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name != kStateFile && name != "run.log" && name != "lock") found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

State clean_up(const fs::path& state_file) {
  const FileLock lock = lock_run(fs::absolute(state_file).parent_path());
  State state = load(state_file);
  if (state.outcome == RunOutcome::unfinished)
    throw Error(ErrorKind::locked, "E-UNFINISHED",
                fmt::format("cannot clean up: run {} has not finished", state.plan.run_id),
                "run `pgupgrade resume` or `pgupgrade rollback` first");
  for (const std::string& path : leftovers(state)) remove_tree(path);
  state.outcome = RunOutcome::cleaned;
  save(state);
  return state;
}

}  // namespace pgupgrade::migrate
