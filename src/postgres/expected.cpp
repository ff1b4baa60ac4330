// What an observation asks of every server, told beforehand.
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "pgupgrade/postgres/members.hpp"
#include "postgres/ask.hpp"
#include "postgres/inspect_sql.hpp"
#include "postgres/left_behind_sql.hpp"
#include "postgres/standby.hpp"

#include <charconv>

namespace pgupgrade::postgres {

namespace {

void expect(SqlReader& reader, const std::string& database, const std::vector<std::string>& statements) {
  std::vector<Question> questions;
  for (const std::string& sql : statements) questions.push_back({.database = database, .sql = sql});
  reader.expect(questions);
}

}  // namespace

std::vector<std::string> opening_questions() {
  return {version_num_sql(), database_names_sql()};
}

void expect_observation(SqlReader& reader, const std::string& connect_database) {
  int version = 0;
  std::vector<std::string> databases;
  try {
    for (const std::string& row : reader.query(connect_database, version_num_sql()))
      std::from_chars(row.data(), row.data() + row.size(), version);
    for (const auto& row : ask(reader, connect_database, database_names_sql(), "the databases"))
      databases.push_back(json::get_string(row, "name"));
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    return;  // whoever asks in earnest will be told
  }
  expect(reader, connect_database,
         {version_num_sql(), server_sql(), roles_facts_sql(), file_settings_sql(), auto_conf_sql(),
          postmaster_options_sql(), command_line_settings_sql(), cluster_objects_sql(), connections_sql(),
          databases_sql(version), copy_facts_sql(), md5_verifiers_sql()});
  for (const std::string& database : databases)
    expect(reader, database,
           {database_contents_sql(), left_behind_sql(version), members_sql(version), unlogged_tables_sql(),
            column_marks_sql()});
}

}  // namespace pgupgrade::postgres
