#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgupgrade/base/cancel.hpp"

struct pg_conn;  // libpq's PGconn; its header stays in .cpp files

namespace pgupgrade::postgres {

struct ConnectionDeleter {
  void operator()(pg_conn* connection) const;
};
using UniqueConnection = std::unique_ptr<pg_conn, ConnectionDeleter>;

using ConnectOptions = std::vector<std::pair<const char*, std::string>>;  // keyword, value

struct Connected {
  UniqueConnection connection;
  std::optional<std::string> problem;  // why there is no session, in one line; the lines of a verbose one
  bool password_missing = false;       // that is why
};

// How much of what the server says is in a problem: the sentence, or also its SQLSTATE and place.
enum class Verbosity { sentence, verbose };

// Connects without blocking for longer than `patience`; the cancellation is polled meanwhile. A database's
// name is never taken for a connection string.
Connected connect_libpq(const ConnectOptions& options, const Cancellation& cancellation,
                        std::chrono::milliseconds patience, Verbosity verbosity = Verbosity::sentence);

// Returns once the socket is ready for `events` (of poll) or a tenth of a second has passed.
void poll_briefly(int socket, short events);

// A message of libpq or of the server, fit to stand in one of ours.
std::string one_line(const char* message);

}  // namespace pgupgrade::postgres
