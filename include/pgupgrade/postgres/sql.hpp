#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade::postgres {

struct Question {
  std::string database;
  std::string sql;
  auto operator<=>(const Question&) const = default;
};

// Runs read-only SQL as the superuser. The statement must yield one text column; returns its rows. Both ways
// to a server have it: libpq to a server that we drive, psql inside a user's running container.
class SqlReader {
 public:
  virtual ~SqlReader() = default;
  virtual std::vector<std::string> query(const std::string& database, const std::string& sql) = 0;
  // What will be asked soon: where each query costs a way of its own, these may go together. An answer is
  // given once, so what is asked a second time is answered as of then.
  virtual void expect(const std::vector<Question>& /*questions*/) {}
};

}  // namespace pgupgrade::postgres
