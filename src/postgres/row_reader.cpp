#include "postgres/row_reader.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/ask.hpp"

namespace pgupgrade::postgres {

RowReader::RowReader(SqlReader& reader, int version_num, const Clock& clock, ReadingTime time)
    : reader_(reader),
      version_num_(version_num),
      clock_(clock),
      time_(time),
      deadline_(clock.monotonic() + time.all) {}

// A time limit within a statement's own text counts from 11 on.
std::string RowReader::problem() const {
  if (version_num_ < 110000) return "PostgreSQL 10 could not be stopped if it takes long";
  return clock_.monotonic() < deadline_ ? "" : "the time for such checks was over";
}

std::vector<boost::json::object> RowReader::rows(const std::string& database, const std::string& owner,
                                                 const std::string& sql) {
  // Messages are known by their words.
  std::string limited =
      "SET LOCAL lc_messages = 'C'; SET LOCAL statement_timeout = " + std::to_string(time_.one.count()) +
      "; ";
  if (!owner.empty()) limited += "SET LOCAL row_security = off; SET LOCAL ROLE " + owner + "; ";
  return ask(reader_, database, limited + sql, "the rows of a table");
}

std::string RowReader::keys(const std::string& database, const std::string& owner, const std::string& sql) {
  std::vector<std::string> keys;
  problem_of([&] {
    for (const boost::json::object& row : rows(database, owner, sql))
      keys.push_back(json::get_string_or(row, "key", ""));
  });
  return join(keys, "; ");
}

std::string problem_of(const std::function<void()>& action) {
  try {
    action();
    return {};
  } catch (const Error& error) {
    if (!error.is("E-SQL")) throw;
    return error.what();
  }
}

}  // namespace pgupgrade::postgres
