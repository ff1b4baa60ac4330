// What a dump would leave behind, change or fail on in the databases: named with the statement that cures it.
#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

std::string database_of(const Subject& subject, const DatabaseFacts& database) {
  return fmt::format("database {} of {}", quoted(database.name), service_name(subject.service));
}

std::vector<std::string> names_of(const std::vector<LeftObject>& objects) {
  std::vector<std::string> names;
  for (const LeftObject& object : objects) names.push_back(object.object);
  return names;
}

std::string cures_of(const std::vector<LeftObject>& objects) {
  std::vector<std::string> cures;
  for (const LeftObject& object : objects)
    if (std::find(cures.begin(), cures.end(), object.cure) == cures.end()) cures.push_back(object.cure);
  return statements(cures);
}

// One diagnostic for each database that has such objects.
template <class List>
Diagnostics about_objects(const Subject& subject, List list, Severity severity, const char* code,
                          std::string_view what) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    const std::vector<LeftObject>& objects = database.left_behind.*list;
    if (objects.empty()) continue;
    result.push_back({.severity = severity,
                      .code = code,
                      .message = fmt::format("{} has {}: {}", database_of(subject, database), what,
                                             plain_list(names_of(objects))),
                      .hint = cures_of(objects)});
  }
  return result;
}

std::string shown(const GeneratedColumnFacts& column) {
  std::string result = fmt::format("{}.{} in {}", column.table, column.column,
                                   plural(static_cast<std::uint64_t>(column.changed), "row"));
  if (!column.first_keys.empty()) result += fmt::format(" ({})", column.first_keys);
  return result;
}

}  // namespace

Diagnostics check_catalog_objects(const Subject& subject) {
  return about_objects(subject, &LeftBehind::catalog_objects, Severity::error, "E-CATALOG-OBJECTS",
                       "objects in the schemas of the system, which a dump leaves out");
}

Diagnostics check_owners(const Subject& subject) {
  return about_objects(subject, &LeftBehind::ownerless, Severity::error, "E-OWNER-MISSING",
                       "objects of roles that do not exist, which pg_dump refuses");
}

Diagnostics check_invalid_indexes(const Subject& subject) {
  return about_objects(subject, &LeftBehind::invalid_indexes, Severity::warning, "W-INVALID-INDEX",
                       "invalid indexes, which a dump leaves out");
}

Diagnostics check_key_states(const Subject& subject) {
  return about_objects(
      subject, &LeftBehind::key_states, Severity::note, "N-KEY-STATES",
      "constraints with triggers that are not simply enabled, which a dump leaves out; they are made "
      "so again after the restore");
}

Diagnostics check_constructors(const Subject& subject) {
  return about_objects(subject, &LeftBehind::constructors, Severity::note, "N-CONSTRUCTORS",
                       "constructors of range types with an owner, privileges or a comment, which a dump "
                       "leaves out; they are made so again");
}

Diagnostics check_counters(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    if (database.left_behind.counters.empty()) continue;
    std::vector<std::string> columns;
    for (const LeftObject& column : database.left_behind.counters)
      columns.push_back(fmt::format("{} ({})", column.object, column.cure));
    result.push_back(
        {.severity = Severity::warning,
         .code = "W-COUNTERS",
         .message = fmt::format("{} stores transaction ids or WAL positions, which the new cluster counts "
                                "from the start: {}",
                                database_of(subject, database), plain_list(columns)),
         .hint = "where they are compared with the server's own, use --strategy warm, under which it counts "
                 "on, or start such tables anew after the upgrade"});
  }
  return result;
}

Diagnostics check_column_orders(const Subject& subject) {
  return about_objects(subject, &LeftBehind::column_orders, Severity::error, "E-COLUMN-ORDER",
                       "tables that inherit, whose columns would be in another order after the restore");
}

Diagnostics check_views(const Subject& subject) {
  return about_objects(
      subject, &LeftBehind::views, Severity::warning, "W-VIEWS",
      "materialized views, which are computed anew from the tables as they are at the upgrade");
}

// Each row shows what the expression gave when it was written; the restore computes it with today's
// functions.
Diagnostics check_generated_columns(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    std::vector<std::string> changed;
    std::vector<std::string> cures;
    std::vector<std::string> unchecked;
    std::string problem;
    for (const GeneratedColumnFacts& column : database.left_behind.generated_columns) {
      if (column.changed > 0) {
        const std::string name = sql_identifier(column.column);
        changed.push_back(shown(column));
        cures.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION", column.table, name));
      }
      if (column.problem.empty()) continue;
      unchecked.push_back(column.table + "." + column.column);
      problem = column.problem;
    }
    if (!changed.empty())
      result.push_back(
          {.severity = Severity::error,
           .code = "E-GENERATED-CHANGES",
           .message = fmt::format("{} has stored generated columns whose values are not what their "
                                  "expressions give now, so the restore would change them: {}",
                                  database_of(subject, database), plain_list(changed)),
           .hint = "set a column that it is computed from to itself (UPDATE) for the new values, or keep the "
                   "old ones: " +
                   statements(cures)});
    if (!unchecked.empty())
      result.push_back({.severity = Severity::warning,
                        .code = "W-GENERATED-UNKNOWN",
                        .message = fmt::format(
                            "could not check whether stored generated columns of {} still have what "
                            "their expressions give: {}: {}",
                            database_of(subject, database), plain_list(unchecked), printable(problem, 500)),
                        .hint = "the comparison after the restore will find a changed value"});
  }
  return result;
}

namespace {

// Such a value is carried as the number that it shows, which may be another object's there.
void check_gone_objects(const Subject& subject, const DatabaseFacts& database, Diagnostics& result) {
  std::vector<std::string> found;
  std::vector<std::string> cures;
  for (const OidColumnFacts& column : database.left_behind.oid_columns) {
    if (!column.gone || column.values == 0) continue;
    found.push_back(
        fmt::format("{} in {}", column.column, plural(static_cast<std::uint64_t>(column.values), "row")));
    cures.push_back(column.cure);
  }
  if (found.empty()) return;
  result.push_back({.severity = Severity::error,
                    .code = "E-OIDS-GONE",
                    .message = fmt::format("{} stores the oids of objects that are gone, which may be those "
                                           "of others in the new cluster: {}",
                                           database_of(subject, database), plain_list(found)),
                    .hint = statements(cures)});
}

}  // namespace

Diagnostics check_oid_columns(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    check_gone_objects(subject, database, result);
    std::vector<std::string> found;
    std::vector<std::string> unchecked;
    std::vector<std::string> cures;
    std::string problem;
    for (const OidColumnFacts& column : database.left_behind.oid_columns) {
      if (column.values > 0 && !column.gone) {
        found.push_back(
            fmt::format("{} in {}", column.column, plural(static_cast<std::uint64_t>(column.values), "row")));
        if (!column.cure.empty()) cures.push_back(column.cure);
      }
      if (column.problem.empty()) continue;
      unchecked.push_back(column.column);
      problem = column.problem;
    }
    if (!found.empty())
      result.push_back(
          {.severity = Severity::warning,
           .code = "W-OID-COLUMNS",
           .message = fmt::format("{} stores oids of its objects, which get new oids in the new cluster: {}",
                                  database_of(subject, database), plain_list(found)),
           .hint = cures.empty() ? "store names instead" : "a dump carries names: " + statements(cures)});
    if (!unchecked.empty())
      result.push_back({.severity = Severity::warning,
                        .code = "W-OID-COLUMNS",
                        .message = fmt::format(
                            "could not check whether {} stores oids of its objects, which get new "
                            "oids in the new cluster: {}: {}",
                            database_of(subject, database), plain_list(unchecked), printable(problem, 500))});
  }
  return result;
}

namespace {

std::string shown(const RowFinding& finding) {
  std::string text =
      fmt::format("{} by {}", finding.rule, plural(static_cast<std::uint64_t>(finding.rows), "row"));
  if (!finding.first_keys.empty()) text += fmt::format(" ({})", printable(finding.first_keys, 200));
  return text;
}

}  // namespace

Diagnostics check_broken_rows(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    std::vector<std::string> broken;
    std::vector<std::string> perhaps;
    std::vector<std::string> unchecked;
    std::vector<std::string> cures;
    std::string problem;
    for (const RowFinding& finding : database.left_behind.rows) {
      if (finding.rows == 0) {
        unchecked.push_back(finding.rule);
        problem = finding.problem;
      } else {
        (finding.problem.empty() ? broken : perhaps).push_back(shown(finding));
        if (!finding.cure.empty()) cures.push_back(finding.cure);
      }
    }
    if (!broken.empty())
      result.push_back(
          {.severity = Severity::error,
           .code = "E-BROKEN-ROWS",
           .message = fmt::format("{} has rows that a restore would refuse, since they break the rules of "
                                  "their tables: {}",
                                  database_of(subject, database), plain_list(broken)),
           .hint = cures.empty() ? "change or delete these rows"
                                 : "change or delete these rows; they show with SET enable_indexscan, "
                                   "enable_indexonlyscan and enable_bitmapscan = off: " +
                                       statements(cures)});
    if (!perhaps.empty())
      result.push_back(
          {.severity = Severity::warning,
           .code = "W-BROKEN-ROWS",
           .message = fmt::format("{} has rows that break the rules of their tables as their expressions are "
                                  "computed here, and that a restore may refuse: {}",
                                  database_of(subject, database), plain_list(perhaps)),
           .hint = "look at these rows: what the restore refuses ends the run, and is taken back"});
    if (!unchecked.empty())
      result.push_back({.severity = Severity::warning,
                        .code = "W-ROWS-UNKNOWN",
                        .message = fmt::format(
                            "could not check whether rows of {} keep the rules of their tables: {}: {}",
                            database_of(subject, database), plain_list(unchecked), printable(problem, 500)),
                        .hint = "the restore checks them all"});
  }
  return result;
}

Diagnostics check_left_behind_problems(const Subject& subject) {
  Diagnostics result;
  for (const DatabaseFacts& database : subject.inventory.databases)
    for (const std::string& problem : database.left_behind.problems)
      result.push_back(
          {.severity = Severity::warning,
           .code = "W-NOT-CHECKED",
           .message = fmt::format("{}: {}", database_of(subject, database), printable(problem, 500))});
  return result;
}

}  // namespace pgupgrade::planning
