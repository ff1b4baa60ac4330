#include "pgupgrade/migrate/migrate.hpp"

#include <fmt/format.h>

#include <ostream>

#include "cli/arguments/options.hpp"
#include "cli/command/ask_password.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/diagnostics.hpp"
#include "cli/command/outside.hpp"
#include "cli/command/sides.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/render_migration.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/docker/connect.hpp"
#include "pgupgrade/migrate/container_programs.hpp"
#include "pgupgrade/migrate/make_plan.hpp"
#include "pgupgrade/migrate/observe.hpp"

namespace pgupgrade::cli {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kRunIdBytes = 4;

migrate::CopyForm form_of(const std::string& text) {
  for (const auto form : {migrate::CopyForm::stream, migrate::CopyForm::custom, migrate::CopyForm::directory,
                          migrate::CopyForm::tar})
    if (text == text_of(form)) return form;
  throw usage_error(
      fmt::format("cannot use --format {}: it is stream, custom, directory or tar", printable(text)));
}

migrate::Request request_of(const Session& session) {
  const Arguments& arguments = session.arguments;
  const MigrateArguments& own = arguments.migrate;
  if (arguments.all && !own.databases.empty())
    throw usage_error("cannot use --all together with --database", "choose one of them");
  if (!own.into.empty() && (arguments.all || own.databases.size() > 1))
    throw usage_error("cannot use --into for several databases", "name one with --database");
  return {
      .databases = own.databases,
      .all = arguments.all,
      .into = own.into,
      .form = form_of(own.format),
      .ownership = own.no_owner ? migrate::Ownership::leave_out : migrate::Ownership::keep,
      .roles = own.roles,
      .jobs = jobs_of(session),
      .image = arguments.image,
      .state_root = session.directory / (arguments.state_dir.empty() ? ".pgupgrade" : arguments.state_dir)};
}

// What a later command connects by: all that was used, but for what only this connection found out.
std::map<std::string, std::string> lasting(const postgres::RemoteServer& server,
                                           const postgres::Endpoint& asked) {
  auto parameters = server.endpoint().parameters;
  if (asked.value("hostaddr").empty()) parameters.erase("hostaddr");
  if (!asked.value("passfile").empty()) parameters["passfile"] = asked.value("passfile");
  parameters["dbname"] = server.connect_database();
  return parameters;
}

// A side of a run that goes on. Its password comes from where libpq finds it, or from the same variable as
// before.
postgres::Endpoint endpoint_again(const Session& session, const migrate::SidePlan& side,
                                  const std::string& name, const char* origin) {
  postgres::Endpoint endpoint;
  endpoint.name = name;
  endpoint.parameters = side.parameters;
  const std::string text = variable(session.environment, origin);
  if (!text.empty()) endpoint.password = postgres::parse_endpoint(text, origin).password;
  return endpoint;
}

postgres::Endpoint target_again(const Session& session, const migrate::Plan& plan) {
  return endpoint_again(session, plan.target, "the target", "PGUPGRADE_TARGET");
}

int tell_end(Session& session, const migrate::State& state, const std::string& outcome) {
  tell(session, render_migration(state, session.state_file, session.directory, session.out_style),
       [&](std::int64_t now) { return plain_summary(outcome, migration_lines(state), 0, now); });
  return 0;
}

migrate::Planned make_plan(Session& session, Outside& outside, const migrate::Request& request) {
  const auto programs = outside.programs(request.image);
  Screen screen(session);
  const migrate::Facts facts =
      migrate::observe(request, outside.source(), outside.target(),
                       [&](const std::string& what) { screen.view().looking(what); });
  return migrate::make_plan(request, facts, programs, random_hex(kRunIdBytes), PGUPGRADE_VERSION);
}

}  // namespace

int migrate_command(Session& session) {
  const migrate::Request request = request_of(session);
  const postgres::Endpoint source =
      endpoint_of(session, session.arguments.migrate.from, "--from", "the source");
  const postgres::Endpoint target =
      endpoint_of(session, session.arguments.migrate.target, "--target", "the target");
  if (request.databases.empty() && !request.all &&
      !names_a_database(session, postgres::parse_endpoint(session.arguments.migrate.from, "the source")))
    throw usage_error("cannot migrate: no database is named",
                      "add it to --from, or pass --database NAME or --all");
  Outside outside(session, source, target);
  migrate::Planned planned = make_plan(session, outside, request);
  if (!planned.ok) return refuse(session, planned.diagnostics);
  migrate::Plan& plan = planned.plan;
  plan.source.parameters = lasting(outside.source(), source);
  plan.target.parameters = lasting(outside.target(), target);
  tell(session, render_migration_plan(plan, session.out_style),
       [&](std::int64_t now) { return migration_plan_event(plan, now); });
  if (session.json()) tell_diagnostics(session, plan.diagnostics);
  if (session.arguments.dry_run) {
    if (session.json()) session.out << plain_summary("planned", {}, 0, session.clock.unix_ms()) << std::endl;
    return 0;
  }
  if (plan.databases.size() == 1)
    require_consent(session, "name of the database at the target", plan.databases.front().into);
  else
    require_consent(session, "address of the target", plan.target.address);
  session.state_file = directory_of(plan) / migrate::kStateFile;
  const migrate::State state = logged(session, [&](upgrade::Listener& listener) {
    return migrate::start(plan, outside.world(plan), listener);
  });
  return tell_end(session, state, "migrated");
}

int resume_migration(Session& session) {
  const migrate::Plan plan = migrate::load(session.state_file).plan;
  Outside outside(session, endpoint_again(session, plan.source, "the source", "PGUPGRADE_FROM"),
                  target_again(session, plan));
  const migrate::State state = logged(session, [&](upgrade::Listener& listener) {
    return migrate::resume(session.state_file, outside.world(plan), listener);
  });
  return tell_end(session, state, "migrated");
}

int roll_back_migration(Session& session) {
  const migrate::Plan plan = migrate::load(session.state_file).plan;
  if (!plan.programs.image.empty()) {
    const auto engine = docker::connect(docker::find_endpoint(session.environment), session.environment,
                                        session.cancellation);
    migrate::remove_containers(*engine, plan.run_id);
  }
  const auto connector = postgres::make_remote_connector(session.cancellation, asks_on_terminal(session));
  const auto target = connector->connect(target_again(session, plan));
  const auto finished =
      session.arguments.discard_new_writes ? migrate::Finished::drop : migrate::Finished::keep;
  return tell_end(session, migrate::roll_back(session.state_file, finished, *target), "rolled_back");
}

int show_migration(Session& session) {
  return tell_end(session, migrate::load(session.state_file), "status");
}

int clean_up_migration(Session& session) {
  const std::vector<std::string> left = migrate::leftovers(migrate::load(session.state_file));
  migrate::clean_up(session.state_file);
  std::string text;
  for (const std::string& path : left) text += "Removed " + printable(path, 500) + "\n";
  tell(session, text.empty() ? "There is nothing to remove.\n" : text,
       [&](std::int64_t now) { return plain_summary("cleaned", left, 0, now); });
  return 0;
}

}  // namespace pgupgrade::cli
