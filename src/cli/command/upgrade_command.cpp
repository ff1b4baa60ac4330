#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/command/commands.hpp"
#include "cli/command/diagnostics.hpp"
#include "cli/command/run_report.hpp"
#include "cli/command/upgrade_parts.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/confirm.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/arguments/window_time.hpp"
#include "pgupgrade/cli/text/render_plan.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/cli/view/run_log.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/command/saved_plan.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kRunIdBytes = 4;
constexpr int kChangesPending = 10;
constexpr int kFailedAndRolledBack = 4;
constexpr int kSomeGivenUp = 11;

// With --old-image services whose image was changed before their data are started on that one first, by a
// Compose file that is the project's from then on; a mere plan starts nothing.
Facts observe_facts(Session& session, Connection& connection, Request& request) {
  Screen screen(session);
  const auto say = [&screen](const std::string& what) { screen.view().looking(what); };
  const auto look = [&] {
    request.project = upgrade::with_old_image(request, connection.world());
    return upgrade::observe(request, connection.world(), connection.endpoint(), say);
  };
  Facts facts = look();
  const bool only_plans = session.arguments.command == Command::plan || session.arguments.dry_run;
  if (request.old_image.empty() || only_plans ||
      !upgrade::start_on_old_image(request, facts, connection.world(), say))
    return facts;
  return look();
}

std::map<std::string, std::string> new_images(const Facts& facts) {
  std::map<std::string, std::string> ids;
  for (const ServiceFacts& service : facts.services)
    if (service.new_image_facts) ids[service.service] = service.new_image_facts->id;
  return ids;
}

}  // namespace

LookedAt look_and_plan(Session& session, Connection& connection, Request request, const std::string& run_id) {
  const Facts facts = observe_facts(session, connection, request);
  planning::Planned planned = planning::make_plan(request, facts, run_id, PGUPGRADE_VERSION);
  if (planned.ok) upgrade::add_steps(planned.plan);
  return {.planned = std::move(planned), .new_images = new_images(facts)};
}

namespace {

int nothing_to_do(Session& session, const Diagnostics& diagnostics) {
  tell_diagnostics(session, diagnostics);
  const std::string line =
      fmt::format("Nothing to do: no service holds data older than PostgreSQL {}.", session.arguments.to);
  tell(session, line + "\n",
       [&](std::int64_t now) { return plain_summary("nothing_to_do", {line}, 0, now); });
  return 0;
}

}  // namespace

namespace {

ChecksShown checks_shown(const Session& session) {
  return session.arguments.verbose ? ChecksShown::listed : ChecksShown::counted;
}

}  // namespace

void tell_plan(Session& session, const Plan& plan) {
  const auto steps = upgrade::planned_steps(plan);
  tell(session,
       render_plan(plan, steps, session.directory.native(), session.out_style, checks_shown(session)),
       [&](std::int64_t now) { return plan_event(plan, steps, now); });
  if (session.json()) tell_diagnostics(session, plan.diagnostics);
}

int finish_dry_run(Session& session, const std::vector<std::string>& lines) {
  const int code = session.arguments.detailed_exitcode ? kChangesPending : 0;
  if (session.json())
    session.out << plain_summary("planned", lines, code, session.clock.unix_ms()) << std::endl;
  else
    for (const std::string& line : lines) session.out << line << std::endl;
  return code;
}

namespace {

// What a rehearsal found goes into the plan; whether it may be carried out in spite of that.
bool rehearse(Session& session, Connection& connection, Plan& plan, Diagnostics& refusals) {
  Diagnostics found;
  {
    Screen screen(session);
    screen.view().looking("rehearsing on the new image");
    found = upgrade::rehearse_plan(plan, connection.world());
  }
  for (Diagnostic& diagnostic : found)
    (diagnostic.severity == Severity::error ? refusals : plan.diagnostics).push_back(std::move(diagnostic));
  return refusals.empty();
}

// Where the page of the run is.
std::string report_line(const Session& session) {
  const auto page = upgrade::report_page_file(upgrade::RunFiles{session.state_file.parent_path()});
  std::error_code ignored;
  if (!std::filesystem::exists(page, ignored)) return {};
  return fmt::format("Report     {}\n", short_path(page.native(), session.directory.native()));
}

int code_of(const upgrade::Report& report) {
  const bool some = std::any_of(report.targets.begin(), report.targets.end(),
                                [](const auto& target) { return !target.failure.empty(); });
  return some && report.outcome != RunOutcome::rolled_back ? kSomeGivenUp : 0;
}

int tell_report(Session& session, const upgrade::Report& report, const std::string& project, int code) {
  if (session.json() && report.outcome == RunOutcome::succeeded)
    for (const auto& target : report.targets)
      if (target.failure.empty()) session.out << verify_event(target, session.clock.unix_ms()) << std::endl;
  tell(session,
       render_report(report, project, session.directory.native(), session.out_style) + report_line(session),
       [&](std::int64_t now) { return report_summary(report, code, now); });
  return code;
}

void log_error(RunLog& log, const Error& error) {
  log.line(Severity::error, fmt::format("{}: {}", error.code(), error.what()));
  for (const std::string& context : error.context()) log.line(Severity::error, "  while " + context);
  if (!error.hint().empty()) log.line(Severity::error, "  hint: " + error.hint());
}

// Shows and logs what `action` tells while it goes.
template <typename Action>
upgrade::Report watched(Session& session, const Action& action) {
  RunLog log(upgrade::RunFiles{session.state_file.parent_path()}.log());
  log.line(Severity::note, "pgupgrade " PGUPGRADE_VERSION);
  Screen screen(session);
  ReportListener ear;
  BothObservers shown(log, screen.view());
  BothObservers listener(ear, shown);
  const auto warn = [&](const char* code, const std::string& problem) {
    if (!problem.empty())
      screen.view().message({.severity = Severity::warning, .code = code, .message = problem, .hint = {}});
  };
  try {
    upgrade::Report report = action(listener);
    log.line(Severity::note, fmt::format("ended: {}", text_of(report.outcome)));
    warn("W-RUN-LOG", log.problem());
    warn("W-REPORT", write_reports(session, ear.heard()));
    return report;
  } catch (const std::exception& exception) {
    const Error error = as_error(exception);
    log_error(log, error);
    ear.failed(error);
    warn("W-REPORT", write_reports(session, ear.heard()));
    throw;
  }
}

std::string project_of(const Session& session) {
  return upgrade::Journal::open_file(session.state_file).state().plan.project;
}

// After a failure that has been told. What refuses a rollback does not make the run one that never began.
upgrade::Report undo_failed(Session& session, Connection& connection) {
  try {
    return watched(session, [&](upgrade::Listener& listener) {
      return upgrade::roll_back(session.state_file, upgrade::NewWrites::keep, connection.world(), listener);
    });
  } catch (Error& error) {
    if (error.kind() == ErrorKind::refused) error.set_moment(Moment::midway);
    throw;
  }
}

}  // namespace

int go(Session& session, Connection& connection, const std::string& project,
       const std::function<upgrade::Report(upgrade::Listener&)>& action) {
  try {
    const upgrade::Report report = watched(session, action);
    return tell_report(session, report, project, code_of(report));
  } catch (const Error& error) {
    if (!session.arguments.rollback_on_failure || !is_failure_of_run(error) ||
        !std::filesystem::exists(session.state_file))
      throw;
    report_error(session, error);
  }
  return tell_report(session, undo_failed(session, connection), project, kFailedAndRolledBack);
}

namespace {

// Of --at; nothing when the downtime may begin as soon as all is ready.
using NotBefore = std::optional<std::int64_t>;

NotBefore not_before(const Session& session) {
  if (session.arguments.at.empty()) return std::nullopt;
  return window_time(session.arguments.at, session.clock.unix_ms());
}

int carry_on(Session& session, const Plan& plan, const upgrade::Extent& extent) {
  const Phrase phrase = confirmation_phrase(plan);
  require_consent(session, phrase.noun, phrase.text);
  const auto connection = session.connect();
  return go(session, *connection, plan.project, [&](upgrade::Listener& listener) {
    return upgrade::carry_on(session.state_file, extent, connection->world(), listener);
  });
}

Until until_of(Command command) {
  if (command == Command::prepare) return Until::prepared;
  if (command == Command::dump) return Until::dumped;
  return command == Command::wipe ? Until::wiped : Until::end;
}

int resume_run(Session& session, const std::string& project, NotBefore not_before_ms) {
  const auto connection = session.connect();
  return go(session, *connection, project, [&](upgrade::Listener& listener) {
    return upgrade::resume_upgrade(session.state_file, connection->world(), listener, not_before_ms);
  });
}

// What was prepared has its plan, which has been shown and agreed to.
int carry_out_prepared(Session& session, NotBefore not_before_ms) {
  const Plan plan = upgrade::Journal::open_file(session.state_file).state().plan;
  if (session.arguments.command == Command::prepare) return status_command(session);
  if (session.arguments.command == Command::dump)
    return carry_on(session, plan, {.until = Until::dumped, .not_before_ms = not_before_ms});
  const Phrase phrase = confirmation_phrase(plan);
  require_consent(session, phrase.noun, phrase.text);
  return resume_run(session, plan.project, not_before_ms);
}

std::filesystem::path state_file_of(const Plan& plan) {
  return std::filesystem::path(plan.state_root) / plan.run_id / "state.json";
}

// What an upgrade and a rehearsal begin with.
struct Beginning {
  Request request;
  std::unique_ptr<Connection> connection;
  LookedAt looked_at;
  std::optional<int>
      ended;  // with this exit code: there is nothing to do, it is refused, or prepared already
};

// All that stops it, and what else was looked at.
int refuse_plan(Session& session, const planning::Planned& planned) {
  const int code = refuse(session, planned.diagnostics);
  if (!session.json())
    session.err << render_check_list(planned.plan.checks, session.err_style(), checks_shown(session))
                << std::flush;
  return code;
}

Beginning begin(Session& session, NotBefore not_before_ms = std::nullopt) {
  Beginning beginning{.request = make_request(session.arguments, session.environment, session.directory)};
  const Request& request = beginning.request;
  upgrade::refuse_held_state_root(request.state_root, session.clock);
  refuse_unfinished_run(session, request);
  if (!session.state_file.empty()) {
    beginning.ended = carry_out_prepared(session, not_before_ms);
    return beginning;
  }
  beginning.connection = session.connect();
  upgrade::give_up_rehearsals(request.state_root, beginning.connection->world());
  beginning.looked_at = look_and_plan(session, *beginning.connection, request, random_hex(kRunIdBytes));
  session.cancellation.throw_if_requested();
  const planning::Planned& planned = beginning.looked_at.planned;
  if (planned.nothing_to_do)
    beginning.ended = nothing_to_do(session, planned.diagnostics);
  else if (!planned.ok)
    beginning.ended = refuse_plan(session, planned);
  return beginning;
}

}  // namespace

int upgrade_command(Session& session) {
  const NotBefore not_before_ms = not_before(session);
  const auto& out = session.arguments.plan_out;
  if (!out.empty()) upgrade::refuse_other_file(session.directory / out);
  Beginning beginning = begin(session, not_before_ms);
  if (beginning.ended) return *beginning.ended;
  Connection& connection = *beginning.connection;
  Plan& plan = beginning.looked_at.planned.plan;
  Diagnostics refusals;
  const bool refused = session.arguments.rehearse && !rehearse(session, connection, plan, refusals);
  tell_plan(session, plan);
  if (refused) return refuse(session, refusals);
  if (!out.empty()) {
    upgrade::save_plan(
        {.request = beginning.request, .plan = plan, .new_images = beginning.looked_at.new_images},
        session.directory / out);
    return finish_dry_run(session,
                          {"Saved. To carry out this very plan: pgupgrade apply " + shell_word(out)});
  }
  if (session.arguments.command == Command::plan || session.arguments.dry_run)
    return finish_dry_run(session, {});
  const Phrase phrase = confirmation_phrase(plan);
  require_consent(session, phrase.noun, phrase.text);
  session.state_file = state_file_of(plan);
  return go(session, connection, plan.project, [&](upgrade::Listener& listener) {
    return upgrade::start_upgrade(
        plan, connection.world(), listener,
        {.until = until_of(session.arguments.command), .not_before_ms = not_before_ms});
  });
}

// Nothing of the user's is changed, so nothing is asked.
int rehearse_command(Session& session) {
  const Beginning beginning = begin(session);
  if (beginning.ended) return *beginning.ended;
  const Plan& plan = beginning.looked_at.planned.plan;
  if (session.json())
    tell_plan(session, plan);
  else
    tell_diagnostics(session, plan.diagnostics);
  session.state_file = state_file_of(plan);
  const upgrade::Report report = watched(session, [&](upgrade::Listener& listener) {
    return upgrade::start_upgrade(plan, beginning.connection->world(), listener);
  });
  return tell_report(session, report, plan.project, 0);
}

int resume_command(Session& session) {
  const NotBefore not_before_ms = not_before(session);
  session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  refuse_alternate(session, "resume");
  if (is_migration(session.state_file) && not_before_ms)
    throw Error(ErrorKind::usage, "E-AT", "a migration stops nothing, so it waits for no time",
                "leave --at out");
  if (is_migration(session.state_file)) return resume_migration(session);
  const RunState state = upgrade::Journal::open_file(session.state_file).state();
  if (session.arguments.command == Command::run && state.until == Until::dumped)
    throw Error(
        ErrorKind::usage, "E-PART",
        fmt::format("cannot carry out the whole of run {}: only its dump was asked for", state.plan.run_id),
        "pgupgrade resume goes on with that; pgupgrade status shows what comes next");
  return resume_run(session, state.plan.project, not_before_ms);
}

int part_command(Session& session) {
  session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  refuse_alternate(session, "carry out a part of");
  if (is_migration(session.state_file))
    throw Error(ErrorKind::usage, "E-USAGE",
                "cannot carry out a part of a migration: only upgrades have them",
                "pgupgrade resume goes on with it");
  const RunState state = upgrade::Journal::open_file(session.state_file).state();
  const Until until = until_of(session.arguments.command);
  upgrade::refuse_other_part(state, until);
  return carry_on(session, state.plan, {.until = until});
}

int rollback_command(Session& session) {
  session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  refuse_alternate(session, "roll back");
  if (is_migration(session.state_file)) return roll_back_migration(session);
  const std::string project = project_of(session);
  const auto connection = session.connect();
  const auto writes =
      session.arguments.discard_new_writes ? upgrade::NewWrites::discard : upgrade::NewWrites::keep;
  const upgrade::Report report = watched(session, [&](upgrade::Listener& listener) {
    return upgrade::roll_back(session.state_file, writes, connection->world(), listener);
  });
  return tell_report(session, report, project, 0);
}

}  // namespace pgupgrade::cli
