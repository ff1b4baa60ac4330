#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade::postgres {

// Runs read-only SQL as the superuser. The statement must yield one text column; returns its rows. Both ways
// to a server have it: libpq to a server that we drive, psql inside a user's running container.
class SqlReader {
 public:
  virtual ~SqlReader() = default;
  virtual std::vector<std::string> query(const std::string& database, const std::string& sql) = 0;
};

}  // namespace pgupgrade::postgres
