#include "pgupgrade/migrate/make_plan.hpp"

#include <algorithm>

#include "migrate/checks.hpp"
#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

SidePlan side_of(const ServerFacts& server) {
  return {.parameters = {},
          .address = server.address,
          .version = server.version,
          .version_num = server.version_num,
          .role = server.role,
          .bootstrap = server.bootstrap,
          .superuser = server.superuser,
          .encrypted = server.encrypted};
}

// pg_dump takes a name on its command line for one in the encoding of the dump.
bool is_ascii(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return c < 128; });
}

DatabasePlan database_of(const Subject& subject, std::size_t index) {
  const DatabaseContents& contents = subject.facts.contents[index];
  const DestinationFacts& place = subject.facts.destinations[index];
  const ListedDatabase& listed = *subject.facts.source.find(contents.name);
  DatabasePlan plan{.name = contents.name,
                    .into = place.name,
                    .create = !place.exists,
                    .owner = listed.owner,
                    .encoding = listed.encoding,
                    .collate = listed.collate,
                    .ctype = listed.ctype,
                    .locale_provider = listed.locale_provider,
                    .icu_locale = listed.icu_locale,
                    .icu_rules = listed.icu_rules,
                    .bytes = std::max<std::int64_t>(listed.bytes, 0),
                    .tables = contents.tables,
                    .schemas = subject.request.schemas,
                    .apart = {}};
  if (subject.request.form == CopyForm::stream && subject.request.jobs > 1)
    for (const TableSize& table : contents.largest_tables)
      if (listed.encoding == "UTF8" || (is_ascii(table.schema) && is_ascii(table.name)))
        plan.apart.push_back(sql_identifier(table.schema) + "." + sql_identifier(table.name));
  return plan;
}

bool has_all_tablespaces(const Facts& facts) {
  return std::all_of(facts.contents.begin(), facts.contents.end(), [&](const DatabaseContents& contents) {
    return std::includes(facts.target.tablespaces.begin(), facts.target.tablespaces.end(),
                         contents.tablespaces.begin(), contents.tablespaces.end());
  });
}

}  // namespace

const std::vector<Check>& all_checks() {
  static const std::vector<Check> checks = {
      check_versions,    check_standby,    check_same_database, check_readable,    check_destinations,
      check_forms,       check_extensions, check_roles,         check_memberships, check_programs,
      check_connections, check_room,       check_encryption,    check_clients,
  };
  return checks;
}

Planned make_plan(const Request& request, const Facts& facts, const std::vector<ClientPrograms>& programs,
                  const std::string& run_id, const std::string& tool_version) {
  const Subject subject{.request = request, .facts = facts, .programs = programs};
  Planned planned;
  for (const Check check : all_checks())
    for (Diagnostic& diagnostic : check(subject)) planned.diagnostics.push_back(std::move(diagnostic));
  std::stable_sort(planned.diagnostics.begin(), planned.diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.severity > b.severity; });
  planned.ok = planned.diagnostics.empty() || planned.diagnostics.front().severity != Severity::error;
  if (!planned.ok) return planned;
  Plan& plan = planned.plan;
  plan.run_id = run_id;
  plan.tool_version = tool_version;
  plan.state_root = request.state_root;
  plan.source = side_of(facts.source);
  plan.target = side_of(facts.target);
  plan.form = request.form;
  plan.ownership = request.ownership;
  plan.tablespaces = has_all_tablespaces(facts);
  plan.jobs = std::max(request.jobs, 1);
  plan.programs = *fitting_programs(subject);
  if (request.roles) plan.new_roles = missing_roles(subject);
  for (std::size_t i = 0; i < facts.contents.size(); ++i) plan.databases.push_back(database_of(subject, i));
  plan.not_carried = not_carried(subject);
  plan.diagnostics = planned.diagnostics;
  return planned;
}

}  // namespace pgupgrade::migrate
