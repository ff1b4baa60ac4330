#include "postgres/ask.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {

using boost::json::object;

// A cluster without an encoding (SQL_ASCII) may hold names in any bytes.
object parse_row(const std::string& row, const std::string& subject) {
  boost::json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::json::error_code problem;
  boost::json::value value = boost::json::parse(row, problem, {}, options);
  if (problem || !value.is_object()) {
    throw Error(ErrorKind::failed, "E-SQL",
                "could not understand the server's answer about " + subject + ": " + printable(row));
  }
  return value.as_object();
}

std::vector<object> ask(SqlReader& reader, const std::string& database, const std::string& sql,
                        const std::string& subject) {
  std::vector<object> rows;
  for (const std::string& row : reader.query(database, sql)) rows.push_back(parse_row(row, subject));
  return rows;
}

object ask_one(SqlReader& reader, const std::string& database, const std::string& sql,
               const std::string& subject) {
  std::vector<object> rows = ask(reader, database, sql, subject);
  if (rows.size() != 1) {
    throw Error(ErrorKind::failed, "E-SQL",
                "the server answered " + plural(rows.size(), "row") + " about " + subject + ", expected 1");
  }
  return std::move(rows.front());
}

}  // namespace pgupgrade::postgres
