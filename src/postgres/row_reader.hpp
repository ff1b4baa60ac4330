#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// How long users' rows are read.
struct ReadingTime {
  std::chrono::milliseconds one;  // statement
  std::chrono::milliseconds all;
};

// Reads rows of users' tables, for so long in all. The clock and the reader outlive it.
class RowReader {
 public:
  RowReader(SqlReader& reader, int version_num, const Clock& clock, ReadingTime time);

  // Why no rows can be read, or nothing.
  std::string problem() const;

  // `owner`, if there is one, is whose rights count: a table's expressions are its owner's.
  std::vector<boost::json::object> rows(const std::string& database, const std::string& owner,
                                        const std::string& sql);

  // The rows that a statement for the keys of rows gives, as one text; empty when the server does not.
  std::string keys(const std::string& database, const std::string& owner, const std::string& sql);

 private:
  SqlReader& reader_;
  int version_num_;
  const Clock& clock_;
  ReadingTime time_;
  std::chrono::milliseconds deadline_;
};

// What the server refuses, or does not manage in time, is no reason to have no plan: its words, or nothing.
std::string problem_of(const std::function<void()>& action);

}  // namespace pgupgrade::postgres
