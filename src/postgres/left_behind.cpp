#include "pgupgrade/postgres/left_behind.hpp"

#include <charconv>
#include <chrono>
#include <map>

#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/ask.hpp"
#include "postgres/column_orders.hpp"
#include "postgres/left_behind_sql.hpp"
#include "postgres/names.hpp"
#include "postgres/row_reader.hpp"

namespace pgupgrade::postgres {
namespace {

using boost::json::object;

constexpr ReadingTime kTime{.one = std::chrono::milliseconds(5'000),
                            .all = std::chrono::milliseconds(30'000)};

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void check_generated_table(RowReader& rows, DatabaseFacts& database, const object& table) {
  const std::string name = display_name(json::get_string(table, "schema"), json::get_string(table, "table"));
  const std::vector<std::string> columns = json::get_strings(table, "columns");
  const std::vector<std::string> changed = json::get_strings(table, "changed");
  std::vector<std::string> counts;
  std::string problem = rows.problem();
  if (problem.empty()) {
    problem = problem_of([&] {
      const auto answer = rows.rows(database.name, json::get_string(table, "owner"),
                                    count_rows_sql(json::get_string(table, "target"), changed));
      if (!answer.empty()) counts = json::get_strings(answer.front(), "counts");
    });
  }
  for (std::size_t i = 0; i < columns.size() && i < changed.size(); ++i) {
    GeneratedColumnFacts facts{.table = name,
                               .whole = json::get_string_or(table, "whole", ""),
                               .column = columns[i],
                               .problem = problem};
    if (i < counts.size()) facts.changed = number(counts[i]);
    if (facts.changed > 0)
      facts.first_keys = rows.keys(
          database.name, json::get_string(table, "owner"),
          first_keys_sql(json::get_string(table, "target"), json::get_string(table, "key"), changed[i]));
    if (facts.changed > 0 || !problem.empty())
      database.left_behind.generated_columns.push_back(std::move(facts));
  }
}

std::string without_only(const std::string& target) {
  return target.starts_with("ONLY ") ? target.substr(5) : target;
}

// The type of names that most of the values would have.
std::string cure_of(const object& column, const object& counts) {
  std::string best;
  std::int64_t most = 0;
  for (const char* type : {"regclass", "regproc", "regtype", "regnamespace", "regrole"}) {
    const std::int64_t count = json::get_int(counts, type);
    if (count <= most) continue;
    most = count;
    best = type;
  }
  if (best.empty()) return {};
  const std::string name = json::get_string(column, "name");
  const std::string table = without_only(json::get_string(column, "target"));
  return "ALTER TABLE " + table + " ALTER COLUMN " + name + " TYPE " + best + " USING " + name + "::" + best;
}

// Values of type oid that are objects' and those of a type of names that are nobody's.
void count_oids(RowReader& rows, const std::string& database, const object& column, OidColumnFacts& facts) {
  const std::string target = json::get_string(column, "target");
  const std::string name = json::get_string(column, "name");
  const auto answer =
      rows.rows(database, "", facts.gone ? gone_objects_sql(target, name) : oid_values_sql(target, name));
  if (answer.empty()) return;
  if (facts.gone) {
    facts.values = json::get_int(answer.front(), "gone");
    const std::string table = without_only(target);
    facts.cure = json::get_string(column, "required") == "true"
                     ? "ALTER TABLE " + table + " ALTER COLUMN " + name + " TYPE oid"
                     : "UPDATE " + table + " SET " + name + " = NULL WHERE " + name + "::text ~ '^[0-9]+$'";
    return;
  }
  for (const char* kind : {"regclass", "regproc", "regtype", "regnamespace", "regrole", "other"})
    facts.values += json::get_int(answer.front(), kind);
  facts.cure = cure_of(column, answer.front());
}

void check_oid_column(RowReader& rows, DatabaseFacts& database, const object& column) {
  OidColumnFacts facts{.column = json::get_string(column, "column"),
                       .gone = json::get_string(column, "type") != "oid",
                       .problem = rows.problem()};
  if (facts.problem.empty())
    facts.problem = problem_of([&] { count_oids(rows, database.name, column, facts); });
  if (facts.values > 0 || !facts.problem.empty())
    database.left_behind.oid_columns.push_back(std::move(facts));
}

InheritingTable inheriting_table(const object& row) {
  return {.oid = json::get_string(row, "oid"),
          .identity = json::get_string(row, "identity"),
          .columns = json::get_strings(row, "columns"),
          .parents = json::get_strings(row, "parents")};
}

void take(RowReader& rows, DatabaseFacts& database, const std::string& what, const object& row) {
  LeftBehind& found = database.left_behind;
  const std::map<std::string, std::vector<LeftObject>*> objects = {{kCatalogObject, &found.catalog_objects},
                                                                   {kOwnerless, &found.ownerless},
                                                                   {kInvalidIndex, &found.invalid_indexes},
                                                                   {kKeyState, &found.key_states},
                                                                   {kConstructor, &found.constructors},
                                                                   {kCounter, &found.counters},
                                                                   {kView, &found.views}};
  const auto list = objects.find(what);
  if (list != objects.end()) {
    list->second->push_back(
        {.object = json::get_string(row, "object"), .cure = json::get_string(row, "cure")});
  } else if (what == kGeneratedTable) {
    check_generated_table(rows, database, row);
  } else if (what == kOidColumn) {
    check_oid_column(rows, database, row);
  }
}

}  // namespace

void read_left_behind(SqlReader& reader, Inventory& inventory, const Clock& clock) {
  RowReader rows(reader, inventory.version_num, clock, kTime);
  const std::string sql = left_behind_sql(inventory.version_num);
  for (DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    std::vector<object> answer;
    const std::string problem =
        problem_of([&] { answer = ask(reader, database.name, sql, "what is left behind"); });
    if (!problem.empty())
      database.left_behind.problems.push_back("could not look for what a dump leaves behind: " + problem);
    std::vector<InheritingTable> inheriting;
    for (const object& entry : answer) {
      const object* row = json::find_object(entry, "row");
      if (row == nullptr) continue;
      const std::string what = json::get_string(entry, "what");
      if (what == kColumnOrder) {
        inheriting.push_back(inheriting_table(*row));
      } else {
        take(rows, database, what, *row);
      }
    }
    database.left_behind.column_orders = column_orders(inheriting);
  }
}

}  // namespace pgupgrade::postgres
