#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "pgupgrade/postgres/sql.hpp"

// Questions whose answers are JSON objects, one a row. Error(failed, "E-SQL") where they are not; `subject`
// completes "the server's answer about …".
namespace pgupgrade::postgres {

boost::json::object parse_row(const std::string& row, const std::string& subject);

std::vector<boost::json::object> ask(SqlReader& reader, const std::string& database, const std::string& sql,
                                     const std::string& subject);
// Exactly one row.
boost::json::object ask_one(SqlReader& reader, const std::string& database, const std::string& sql,
                            const std::string& subject);

}  // namespace pgupgrade::postgres
