#include "pgupgrade/postgres/left_behind.hpp"

#include <charconv>
#include <chrono>
#include <functional>
#include <map>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/ask.hpp"
#include "postgres/left_behind_sql.hpp"
#include "postgres/names.hpp"

namespace pgupgrade::postgres {
namespace {

using boost::json::object;

constexpr std::chrono::milliseconds kForOneTable{5'000};
constexpr std::chrono::milliseconds kForAll{30'000};

// Reads rows of users' tables, for so long in all.
class RowReader {
 public:
  RowReader(SqlReader& reader, int version_num, const Clock& clock)
      : reader_(reader), version_num_(version_num), clock_(clock), deadline_(clock.monotonic() + kForAll) {}

  // Why no rows can be read, or nothing. A time limit within a statement's own text counts from 11 on.
  std::string problem() const {
    if (version_num_ < 110000) return "PostgreSQL 10 could not be stopped if it takes long";
    return clock_.monotonic() < deadline_ ? "" : "the time for such checks was over";
  }

  // `owner`, if there is one, is whose rights count: a table's expressions are its owner's.
  std::vector<object> rows(const std::string& database, const std::string& owner, const std::string& sql) {
    std::string limited = "SET LOCAL statement_timeout = " + std::to_string(kForOneTable.count()) + "; ";
    if (!owner.empty()) limited += "SET LOCAL row_security = off; SET LOCAL ROLE " + owner + "; ";
    return ask(reader_, database, limited + sql, "the rows of a table");
  }

 private:
  SqlReader& reader_;
  int version_num_;
  const Clock& clock_;
  std::chrono::milliseconds deadline_;
};

// What the server refuses, or does not manage in time, is no reason to have no plan.
std::string problem_of(const std::function<void()>& action) {
  try {
    action();
    return {};
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    return error.what();
  }
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string first_keys(RowReader& rows, const std::string& database, const object& table,
                       const std::string& condition) {
  std::vector<std::string> keys;
  problem_of([&] {
    const std::string sql =
        first_keys_sql(json::get_string(table, "target"), json::get_string(table, "key"), condition);
    for (const object& row : rows.rows(database, json::get_string(table, "owner"), sql))
      keys.push_back(json::get_string_or(row, "key", ""));
  });
  return join(keys, "; ");
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
    if (facts.changed > 0) facts.first_keys = first_keys(rows, database.name, table, changed[i]);
    if (facts.changed > 0 || !problem.empty())
      database.left_behind.generated_columns.push_back(std::move(facts));
  }
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
  std::string table = json::get_string(column, "target");
  if (table.starts_with("ONLY ")) table.erase(0, 5);
  return "ALTER TABLE " + table + " ALTER COLUMN " + name + " TYPE " + best + " USING " + name + "::" + best;
}

void check_oid_column(RowReader& rows, DatabaseFacts& database, const object& column) {
  OidColumnFacts facts{.column = json::get_string(column, "column"), .problem = rows.problem()};
  if (facts.problem.empty()) {
    facts.problem = problem_of([&] {
      const auto answer =
          rows.rows(database.name, "",
                    oid_values_sql(json::get_string(column, "target"), json::get_string(column, "name")));
      if (answer.empty()) return;
      for (const char* kind : {"regclass", "regproc", "regtype", "regnamespace", "regrole", "other"})
        facts.values += json::get_int(answer.front(), kind);
      facts.cure = cure_of(column, answer.front());
    });
  }
  if (facts.values > 0 || !facts.problem.empty())
    database.left_behind.oid_columns.push_back(std::move(facts));
}

void take(RowReader& rows, DatabaseFacts& database, const std::string& what, const object& row) {
  LeftBehind& found = database.left_behind;
  const std::map<std::string, std::vector<LeftObject>*> objects = {
      {kCatalogObject, &found.catalog_objects}, {kOwnerless, &found.ownerless},
      {kInvalidIndex, &found.invalid_indexes},  {kKeyState, &found.key_states},
      {kColumnOrder, &found.column_orders},     {kView, &found.views}};
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
  RowReader rows(reader, inventory.version_num, clock);
  const std::string sql = left_behind_sql(inventory.version_num);
  for (DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    std::vector<object> answer;
    const std::string problem =
        problem_of([&] { answer = ask(reader, database.name, sql, "what is left behind"); });
    if (!problem.empty())
      database.left_behind.problems.push_back("could not look for what a dump leaves behind: " + problem);
    for (const object& entry : answer) {
      const object* row = json::find_object(entry, "row");
      if (row != nullptr) take(rows, database, json::get_string(entry, "what"), *row);
    }
  }
}

}  // namespace pgupgrade::postgres
