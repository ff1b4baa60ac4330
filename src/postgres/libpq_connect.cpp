#include "postgres/libpq_connect.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr int kPollMilliseconds = 100;  // how soon a cancellation is noticed

UniqueConnection start_connection(const ConnectOptions& options) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  UniqueConnection connection{PQconnectStartParams(keywords.data(), values.data(), 0)};
  if (!connection) throw Error(ErrorKind::internal, "E-INTERNAL", "could not allocate a libpq connection");
  // libpq writes what a server says at the login to standard error, which is the view's.
  PQsetNoticeReceiver(
      connection.get(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

}  // namespace

void ConnectionDeleter::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

void poll_briefly(int socket, short events) {
  pollfd entry{.fd = socket, .events = events, .revents = 0};
  if (poll(&entry, 1, kPollMilliseconds) < 0 && errno != EINTR) {
    throw Error(ErrorKind::internal, "E-INTERNAL", "could not poll the socket of a PostgreSQL server");
  }
}

std::string one_line(const char* message) {
  std::string text{trim(message == nullptr ? "" : message)};
  std::replace(text.begin(), text.end(), '\t', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  const auto both_blank = [](char a, char b) { return a == ' ' && b == ' '; };
  text.erase(std::unique(text.begin(), text.end(), both_blank), text.end());
  return printable(text, 2000);
}

Connected connect_libpq(const ConnectOptions& options, const Cancellation& cancellation,
                        std::chrono::milliseconds patience, Verbosity verbosity) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Connected result{.connection = start_connection(options), .problem = std::nullopt};
  PGconn* connection = result.connection.get();
  if (verbosity == Verbosity::verbose) PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED &&
         PQstatus(connection) != CONNECTION_BAD) {
    cancellation.throw_if_requested();
    if (std::chrono::steady_clock::now() > deadline) {
      result.problem = "no answer in time";
      return result;
    }
    // Asking libpq before the socket is ready could block.
    pollfd entry{.fd = PQsocket(connection),
                 .events = static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                 .revents = 0};
    if (poll(&entry, 1, kPollMilliseconds) > 0) status = PQconnectPoll(connection);
  }
  if (status != PGRES_POLLING_OK) {
    const char* const message = PQerrorMessage(connection);
    result.problem = verbosity == Verbosity::verbose ? std::string(message) : one_line(message);
    result.password_missing = PQconnectionNeedsPassword(connection) != 0;
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  return result;
}

}  // namespace pgupgrade::postgres
