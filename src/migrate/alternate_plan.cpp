// What is looked at before schemas are copied within one server, and what speaks against it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "migrate/alternate_mark.hpp"
#include "migrate/checks.hpp"
#include "migrate/server_sql.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/observe.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr const char* kSchemas =
    "SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> "
    "'information_schema' "
    "ORDER BY nspname::text COLLATE \"C\"";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void refuse_unknown(const Request& request, postgres::RemoteServer& source) {
  std::vector<std::string> there = source.query(request.databases.front(), kSchemas);
  for (const std::string& schema : request.schemas) {
    if (contains(there, schema)) continue;
    for (std::string& name : there) name = printable(name);
    throw Error(ErrorKind::usage, "E-UNKNOWN-SCHEMA",
                fmt::format("could not find schema {} in database {}", migrate::quoted(schema),
                            migrate::quoted(request.databases.front())),
                there.empty() ? "it has none" : "it has " + join(there, ", "));
  }
}

void read_needs(const Request& request, postgres::RemoteServer& source, AlternatePlan& plan) {
  for (const std::string& row : source.query(request.databases.front(), needs_sql(request.schemas))) {
    const auto found = json::as_object(json::parse(row, "the server's answer"), "the server's answer");
    if (found.contains("extension"))
      plan.extensions.push_back({.name = json::get_string(found, "extension"),
                                 .version = json::get_string(found, "version"),
                                 .schema = json::get_string(found, "schema")});
    else
      plan.outside.push_back(
          printable(fmt::format("{} ({})", json::get_string(found, "what"), json::get_string(found, "by"))));
  }
}

std::int64_t bytes_of(const Request& request, postgres::RemoteServer& source) {
  std::vector<std::string> names;
  for (const std::string& schema : request.schemas) names.push_back(sql_literal(schema));
  const auto answer = source.query(
      request.databases.front(),
      fmt::format("SELECT coalesce(sum(pg_table_size(c.oid)), 0)::text FROM pg_class c JOIN pg_namespace n "
                  "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname IN ({})",
                  join(names, ", ")));
  return std::stoll(answer.at(0));
}

Diagnostic error(Code code, std::string message, std::string hint) {
  return {.severity = Severity::error,
          .code = std::string(code.text()),
          .message = std::move(message),
          .hint = std::move(hint)};
}

// What is in the way there; of ours nothing is.
void look_at_alternate(const Request& request, postgres::RemoteServer& target, Facts& facts,
                       AlternatePlan& plan) {
  DestinationFacts& place = facts.destinations.front();
  place.may_create_public = true;
  if (!place.exists || !place.may_connect) return;
  const Marks marks = read_marks(target, request.into, mark_of(plan.state));
  plan.replaces = marks.database || !marks.schemas.empty();
  place.contents.clear();
  if (marks.database || was_just_created(plan.state, target)) {
    place.exists = false;
  } else {
    const auto there = target.query(request.into, kSchemas);
    for (const std::string& schema : request.schemas)
      if (contains(there, schema) && !contains(marks.schemas, schema))
        place.contents.push_back("schema " + sql_identifier(schema));
  }
  target.forget(request.into);
}

// In a database that is created extensions are, too; into another nobody is to put them unasked.
Diagnostics check_needs(const Request& request, postgres::RemoteServer& target, const DestinationFacts& place,
                        const AlternatePlan& plan) {
  Diagnostics found;
  const std::string into = migrate::quoted(request.into);
  if (!place.exists && !plan.outside.empty())
    found.push_back(
        error("E-OUTSIDE-SCHEMAS",
              fmt::format("cannot copy the schemas by themselves: they need {}",
                          printable(some_of(plan.outside), 1000)),
              fmt::format("name the other schema with --schema as well, or create database {} with what is "
                          "needed, and run again",
                          into)));
  if (!place.exists || !place.may_connect) return found;
  const auto there = target.query(request.into, "SELECT extname::text FROM pg_extension");
  target.forget(request.into);
  for (const NeededExtension& extension : plan.extensions)
    if (!contains(there, extension.name))
      found.push_back(
          error("E-EXTENSION-MISSING",
                fmt::format("cannot copy the schemas: they need extension {}, which database {} lacks",
                            migrate::quoted(extension.name), into),
                fmt::format("there: CREATE EXTENSION {} SCHEMA {}", sql_identifier(extension.name),
                            sql_identifier(extension.schema))));
  return found;
}

// The copy is for its own role, whoever has the database; clients may go on.
void adapt(Purpose purpose, const AlternatePlan& plan, Facts& facts) {
  DatabaseContents& contents = facts.contents.front();
  contents.clients.clear();
  for (ListedDatabase& listed : facts.source.databases) {
    if (listed.name != contents.name) continue;
    listed.owner.clear();
    listed.bytes = plan.bytes;
  }
  if (purpose == Purpose::rehearse) {
    for (const NeededExtension& extension : plan.extensions)
      contents.extensions.push_back({.name = extension.name, .version = extension.version, .schema = {}});
    return;
  }
  facts.destinations.front() = {.name = facts.destinations.front().name};
  facts.target.creates_databases = true;
}

// There is one server only; and between this machine and a container of it there is no network.
void tell_encryption_once(const Request& request, Diagnostics& diagnostics) {
  constexpr Code kTold = "W-NOT-ENCRYPTED";
  bool told = !request.container.empty();
  std::erase_if(diagnostics, [&](const Diagnostic& diagnostic) {
    if (diagnostic.code != kTold.text()) return false;
    return std::exchange(told, true);
  });
}

}  // namespace

bool was_just_created(const AlternateState& state, postgres::RemoteServer& server) {
  if (!state.creating) return false;
  const ServerFacts facts = observe_server(server);
  const DestinationFacts place = observe_destination(server, facts.find(state.into), state.into);
  server.forget(state.into);
  return place.exists && place.comment.empty() && place.contents.empty();
}

void require_passed(const AlternateState& state, const Schemas& schemas, const std::vector<Script>& scripts) {
  const std::string where = fmt::format("in database {}", migrate::quoted(state.into));
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorKind::refused, "E-NOT-REHEARSED", "cannot apply: " + why,
                "rehearse it: the same command without --apply");
  };
  if (state.passed.empty()) refuse("no script has passed " + where);
  if (state.schemas != schemas)
    refuse(fmt::format("the scripts passed {} on other schemas: {}", where,
                       printable(join(state.schemas, ", "), 500)));
  for (std::size_t i = 0; i < scripts.size(); ++i)
    if (i >= state.passed.size() || state.passed[i].sha256 != scripts[i].sha256)
      refuse(fmt::format("{} is not what passed {} as number {}", printable(scripts[i].path, 500), where,
                         i + 1));
  if (scripts.size() != state.passed.size())
    refuse(fmt::format("{} passed {}, and {} given", plural(state.passed.size(), "script"), where,
                       scripts.size() == 1 ? "1 is" : fmt::format("{} are", scripts.size())));
}

PlannedAlternate plan_alternate(Purpose purpose, const Request& request, const std::vector<Script>& scripts,
                                postgres::RemoteServer& source, postgres::RemoteServer& target,
                                const std::vector<ClientPrograms>& programs,
                                const std::function<void(const std::string&)>& say) {
  PlannedAlternate planned;
  AlternatePlan& plan = planned.plan;
  plan.purpose = purpose;
  plan.scripts = scripts;
  plan.server = known_by(request, source);
  plan.state = load_alternate(request.state_root, plan.server, request.databases.front(), request.into);
  refuse_unknown(request, source);
  if (purpose == Purpose::apply) require_passed(plan.state, request.schemas, scripts);
  Facts facts = observe(request, source, target, say);
  read_needs(request, source, plan);
  plan.bytes = bytes_of(request, source);
  Diagnostics needs;
  if (purpose == Purpose::rehearse) {
    look_at_alternate(request, target, facts, plan);
    needs = check_needs(request, target, facts.destinations.front(), plan);
  }
  adapt(purpose, plan, facts);
  Planned made = make_plan(request, facts, programs, plan.state.id, PGUPGRADE_VERSION);
  tell_encryption_once(request, made.diagnostics);
  tell_encryption_once(request, made.plan.diagnostics);
  planned.diagnostics = std::move(made.diagnostics);
  planned.diagnostics.insert(planned.diagnostics.begin(), needs.begin(), needs.end());
  planned.ok = made.ok && needs.empty();
  plan.plan = std::move(made.plan);
  // Older programs do not read what newer ones have dumped.
  if (plan.plan.programs.major == plan.plan.source.version_num / 10000) plan.container = request.container;
  plan.state.schemas = request.schemas;
  return planned;
}

}  // namespace pgupgrade::migrate
