// Scripts tried on a copy of schemas within one server, and applied to the database itself.
#include "pgupgrade/migrate/alternate.hpp"

#include <fmt/format.h>

#include <ostream>

#include "cli/arguments/options.hpp"
#include "cli/command/alternate_text.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/diagnostics.hpp"
#include "cli/command/outside.hpp"
#include "cli/command/sides.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/upgrade/observe/reach_server.hpp"

namespace pgupgrade::cli {
namespace fs = std::filesystem;

namespace {

// The one server, and where its runs are kept.
struct Where {
  postgres::Endpoint server;
  std::string called;     // empty: its address will do
  std::string container;  // that has it, where one is named
  std::string image;      // of the programs; empty: those of this machine
  fs::path state_root;
};

postgres::Endpoint endpoint_of(const Session& session) {
  const std::string& database = session.arguments.database;
  postgres::Endpoint server = endpoint_of(session, session.arguments.migrate.from, "--from", "the server");
  const bool is_named =
      names_a_database(session, postgres::parse_endpoint(session.arguments.migrate.from, "the server"));
  if (database.empty() && !is_named)
    throw usage_error("cannot rehearse: no database is named", "add it to --from, or pass --database NAME");
  if (!database.empty()) server.parameters["dbname"] = database;
  return server;
}

Where by_connection(const Session& session) {
  const Arguments& arguments = session.arguments;
  return {
      .server = endpoint_of(session),
      .called = {},
      .container = {},
      .image = arguments.image,
      .state_root = session.directory / (arguments.state_dir.empty() ? ".pgupgrade" : arguments.state_dir)};
}

// A service's own image has programs of its version.
Where by_container(Session& session) {
  const Arguments& arguments = session.arguments;
  const Request request = make_request(arguments, session.environment, session.directory);
  const auto connection = session.connect();
  Screen screen(session);
  screen.view().looking(request.container.empty() ? "reading the Compose project"
                                                  : "looking at the container");
  const upgrade::ReachedServer reached =
      upgrade::reach_server(request, arguments.database, arguments.migrate.into, connection->world());
  return {.server = reached.endpoint,
          .called = reached.called,
          .container = reached.container,
          .image = arguments.image.empty() ? reached.image : arguments.image,
          .state_root = request.state_root};
}

migrate::Request request_of(const Session& session, const Where& where, const std::string& database) {
  const Arguments& arguments = session.arguments;
  return {.databases = {database},
          .schemas = arguments.migrate.schemas,
          .into = arguments.migrate.into,
          .form = arguments.migrate.apply ? migrate::CopyForm::custom : migrate::CopyForm::stream,
          .ownership = arguments.migrate.no_owner ? migrate::Ownership::leave_out : migrate::Ownership::keep,
          .jobs = jobs_of(session),
          .image = where.image,
          .state_root = where.state_root,
          .server = where.called,
          .container = where.container};
}

std::vector<std::string> drop(Session& session, Outside& outside, const migrate::Request& request) {
  std::vector<std::string> lines;
  for (const std::string& dropped : migrate::drop_alternate(outside.target(), request))
    lines.push_back("Dropped " + dropped);
  if (lines.empty())
    lines.push_back(fmt::format("There is no database {}", printable(session.arguments.migrate.into)));
  return lines;
}

int tell_end(Session& session, const std::string& outcome, const std::vector<std::string>& lines,
             const std::vector<std::string>& next) {
  std::string text = join(lines, "\n") + "\n";
  for (const std::string& command : next)
    text += fmt::format("  {}{}\n", pad_right(&command == &next.front() ? "Next" : "or", 6), command);
  tell(session, text, [&](std::int64_t now) { return plain_summary(outcome, lines, 0, now); });
  return 0;
}

int carry_out(Session& session, Outside& outside, const migrate::Request& request,
              const migrate::AlternatePlan& plan) {
  session.state_file = plan.plan.state_root / plan.state.id / migrate::kAlternateFile;
  const bool applies = plan.purpose == migrate::Purpose::apply;
  const migrate::AlternateState state = logged(session, [&](upgrade::Listener& listener) {
    migrate::World& world = outside.world(plan.plan);
    return applies ? migrate::apply_scripts(plan, world, listener)
                   : migrate::rehearse_scripts(plan, world, listener);
  });
  std::vector<std::string> lines = alternate_lines(state, plan.purpose);
  if (session.arguments.migrate.drop)
    for (std::string& line : drop(session, outside, request)) lines.push_back(std::move(line));
  return tell_end(session, applies ? "applied" : "rehearsed", lines,
                  session.arguments.migrate.drop
                      ? std::vector<std::string>()
                      : next_for_alternate(state, plan.purpose, session.arguments));
}

}  // namespace

int alternate_command(Session& session) {
  const MigrateArguments& own = session.arguments.migrate;
  const auto scripts = migrate::read_scripts(checked_scripts(session.arguments.scripts, session.directory));
  const Where where = own.from.empty() ? by_container(session) : by_connection(session);
  Outside outside(session, where.server, where.server);
  const std::string database = outside.source().connect_database();
  const migrate::Request request = request_of(session, where, database);
  if (own.drop && !own.apply) {
    require_consent(session, "name of the alternate database", own.into);
    return tell_end(session, "dropped", drop(session, outside, request), {});
  }
  const migrate::Purpose purpose = own.apply ? migrate::Purpose::apply : migrate::Purpose::rehearse;
  const migrate::PlannedAlternate planned = [&] {
    Screen screen(session);
    return migrate::plan_alternate(purpose, request, scripts, outside.source(), outside.target(),
                                   outside.programs(where.image),
                                   [&](const std::string& what) { screen.view().looking(what); });
  }();
  if (!planned.ok) return refuse(session, planned.diagnostics);
  const migrate::AlternatePlan& plan = planned.plan;
  if (own.apply && plan.state.applied_ms != 0) {
    std::vector<std::string> lines = alternate_lines(plan.state, purpose);
    lines.insert(lines.begin(), "Nothing to do: these very scripts were applied already");
    if (own.drop && !session.arguments.dry_run)
      for (std::string& line : drop(session, outside, request)) lines.push_back(std::move(line));
    return tell_end(session, "nothing_to_do", lines, {});
  }
  tell(session, render_alternate_plan(plan, session.out_style),
       [&](std::int64_t now) { return migration_plan_event(plan.plan, now); });
  if (session.json()) tell_diagnostics(session, plan.plan.diagnostics);
  if (session.arguments.dry_run) {
    if (session.json()) session.out << plain_summary("planned", {}, 0, session.clock.unix_ms()) << std::endl;
    return 0;
  }
  if (own.apply)
    require_consent(session, "name of the database", database);
  else
    require_consent(session, "name of the alternate database", own.into);
  return carry_out(session, outside, request, plan);
}

}  // namespace pgupgrade::cli
