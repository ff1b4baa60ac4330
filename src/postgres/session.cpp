#include "postgres/session.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/connect_problem.hpp"
#include "postgres/libpq_connect.hpp"
#include "postgres/session_settings.hpp"

namespace pgupgrade::postgres {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kCancelGrace{5'000};
constexpr Milliseconds kAskAliveEvery{1'000};

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct MemoryDeleter {
  void operator()(char* memory) const { PQfreemem(memory); }
};
struct CancelDeleter {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using UniqueResult = std::unique_ptr<PGresult, ResultDeleter>;
using UniqueText = std::unique_ptr<char, MemoryDeleter>;
using UniqueCancel = std::unique_ptr<PGcancel, CancelDeleter>;

constexpr Milliseconds kRemotePatience{30'000};

void remember_notice(void* notices, const PGresult* result) {
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (text != nullptr) static_cast<std::vector<std::string>*>(notices)->emplace_back(text);
}

std::string reason_of(const PGresult* result, const PGconn* connection) {
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (primary == nullptr) return one_line(PQerrorMessage(connection));
  std::string reason = one_line(primary);
  if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) {
    reason += " (" + one_line(detail) + ")";
  }
  return reason;
}

std::vector<Row> rows_of(const PGresult* result) {
  std::vector<Row> rows;
  const int count = PQntuples(result);
  const int columns = PQnfields(result);
  rows.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Row row(static_cast<std::size_t>(columns));
    for (int j = 0; j < columns; ++j) {
      if (PQgetisnull(result, i, j) != 0) continue;
      row[static_cast<std::size_t>(j)] =
          std::string(PQgetvalue(result, i, j), static_cast<std::size_t>(PQgetlength(result, i, j)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

struct Session::State {
  UniqueConnection connection;
  Endpoint asked;  // for somebody's server
  std::string sqlstate;
  std::vector<std::string> notices;
};

Session::Session(const SocketEndpoint& endpoint, std::string database, const Cancellation& cancellation,
                 std::chrono::milliseconds patience)
    : database_(std::move(database)), cancellation_(cancellation), state_(std::make_unique<State>()) {
  connect(endpoint, patience);
  set_up();
}

Session::Session(const Endpoint& endpoint, std::string database, const Cancellation& cancellation)
    : database_(std::move(database)), cancellation_(cancellation), state_(std::make_unique<State>()) {
  connect(endpoint);
  execute(session_statements(), "set up a session");
  if (is_superuser()) execute(superuser_session_statements(), "set up a session");
  set_up();
}

void Session::set_up() {
  PQsetNoticeReceiver(state_->connection.get(), remember_notice, &state_->notices);
  // Bytes of no encoding are not for UTF-8; those of another are made that by the server.
  const char* encoding = PQparameterStatus(state_->connection.get(), "server_encoding");
  if (encoding != nullptr &&
      (std::string_view(encoding) == "SQL_ASCII" || std::string_view(encoding) == "MULE_INTERNAL"))
    use_own_encoding();
  // JIT only costs time for statements that are run once.
  if (version_num() >= 110000) execute("SET jit = off", "set up a session");
  // The event triggers of a database are meant for its users' statements, not for ours.
  if (is_superuser())
    execute(version_num() >= 170000 ? "SET event_triggers = off" : "SET session_replication_role = replica",
            "set up a session");
  // What is meant for clients may be set for a role or a database, which outranks the command line.
  if (version_num() >= 140000) execute("SET idle_session_timeout = 0", "set up a session");
  if (version_num() >= 170000) execute("SET transaction_timeout = 0", "set up a session");
}

Session::~Session() = default;

void Session::use_own_encoding() {
  const char* encoding = PQparameterStatus(state_->connection.get(), "server_encoding");
  execute("SET client_encoding = " + quote_literal(encoding == nullptr ? "SQL_ASCII" : encoding),
          "set up a session");
}

bool Session::cannot_convert() const {
  return sqlstate() == "22P05" || sqlstate() == "22021";
}

void Session::connect(const SocketEndpoint& endpoint, std::chrono::milliseconds patience) {
  // Everything that an environment variable could change is named.
  const ConnectOptions options = {
      {"host", endpoint.directory},
      {"port", "5432"},
      {"user", endpoint.superuser},
      {"dbname", database_},
      {"application_name", "pgupgrade"},
      {"client_encoding", "UTF8"},
      {"connect_timeout", "10"},
      {"sslmode", "disable"},
      {"gssencmode", "disable"},
      {"passfile", "/dev/null/none"},
      {"options", session_options(SessionUse::alone)},
  };
  Connected connected = connect_libpq(options, cancellation_, patience);
  state_->connection = std::move(connected.connection);
  if (!connected.problem) return;
  throw Error(ErrorKind::failed, "E-SERVER-NOT-READY",
              "could not connect to database \"" + printable(database_) + "\" through the socket in " +
                  endpoint.directory + ": " + *connected.problem);
}

// What libpq looks for by itself is in the user's text, in the environment or in the service's section; only
// what none of them says is said here.
void Session::connect(const Endpoint& endpoint) {
  ConnectOptions options;
  for (const auto& [keyword, value] : endpoint.parameters)
    if (keyword != "dbname" && keyword != "client_encoding") options.emplace_back(keyword.c_str(), value);
  const auto add = [&](const char* keyword, const std::string& value) {
    if (endpoint.value(keyword).empty()) options.emplace_back(keyword, value);
  };
  if (!database_.empty()) options.emplace_back("dbname", database_);
  options.emplace_back("client_encoding", "UTF8");
  add("fallback_application_name", "pgupgrade");
  add("keepalives_idle", "60");
  if (!endpoint.password.empty()) options.emplace_back("password", endpoint.password.reveal());
  Connected connected = connect_libpq(options, cancellation_, kRemotePatience, Verbosity::verbose);
  if (connected.problem) throw connect_problem(endpoint, database_, connected);
  state_->connection = std::move(connected.connection);
  state_->asked = endpoint;
  database_ = PQdb(state_->connection.get());
}

bool Session::is_superuser() const {
  const char* const status = PQparameterStatus(state_->connection.get(), "is_superuser");
  return status != nullptr && std::string_view(status) == "on";
}

bool Session::is_encrypted() const {
  return PQsslInUse(state_->connection.get()) != 0;
}

Endpoint Session::resolved_endpoint() const {
  PGconn* const connection = state_->connection.get();
  Endpoint endpoint;
  endpoint.name = state_->asked.name;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection),
                                                                             PQconninfoFree);
  // What has led to this server has done its work: other programs are to come to the very same.
  static constexpr std::string_view kResolved[] = {"password",
                                                   "passfile",
                                                   "service",
                                                   "target_session_attrs",
                                                   "load_balance_hosts",
                                                   "client_encoding",
                                                   "fallback_application_name"};
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    if (option->val == nullptr || *option->val == '\0' || *option->dispchar == '*') continue;
    // An older libpq does not know all keywords, but has the same defaults.
    if (option->compiled != nullptr && std::string_view(option->compiled) == option->val) continue;
    if (std::find(std::begin(kResolved), std::end(kResolved), std::string_view(option->keyword)) ==
        std::end(kResolved))
      endpoint.parameters[option->keyword] = option->val;
  }
  const auto set = [&](const char* keyword, const char* value) {
    if (value != nullptr && *value != '\0') endpoint.parameters[keyword] = value;
  };
  set("host", PQhost(connection));
  set("port", PQport(connection));
  const bool is_socket = endpoint.value("host").starts_with('/') || endpoint.value("host").starts_with('@');
  if (!is_socket) set("hostaddr", PQhostaddr(connection));
  if (const char* password = PQpass(connection); password != nullptr && *password != '\0')
    endpoint.password = Secret{std::string(password)};
  return endpoint;
}

void Session::keep_out_of_log() {
  execute(
      "SET log_statement = 'none'; SET log_min_error_statement = 'panic'; SET log_min_duration_statement = "
      "-1; "
      "SET log_duration = off; SET pg_stat_statements.track_utility = off; SET pgaudit.log = 'none'; "
      "SET auto_explain.log_min_duration = -1",
      "keep a password out of the log");
  if (version_num() >= 130000) execute("SET log_min_duration_sample = -1", "keep a password out of the log");
}

int Session::version_num() const {
  return PQserverVersion(state_->connection.get());
}

void Session::fail(std::string_view purpose, const std::string& reason) const {
  throw Error(ErrorKind::failed, "E-SQL",
              "could not " + std::string(purpose) + " in database \"" + printable(database_) + "\"" +
                  (state_->asked.name.empty() ? "" : " of " + state_->asked.name) + ": " + reason);
}

// Waits until PQgetResult will not block.
void Session::wait_for_input(std::string_view purpose) {
  PGconn* connection = state_->connection.get();
  std::optional<SteadyClock::time_point> give_up;
  while (PQisBusy(connection) != 0) {
    if (cancellation_.requested() && !give_up) {
      UniqueCancel cancel{PQgetCancel(connection)};
      char ignored[256];
      if (cancel) PQcancel(cancel.get(), ignored, sizeof(ignored));
      give_up = SteadyClock::now() + kCancelGrace;
    }
    if (give_up && SteadyClock::now() > *give_up) cancellation_.throw_if_requested();
    poll_briefly(PQsocket(connection), POLLIN);
    if (PQconsumeInput(connection) == 0) fail(purpose, one_line(PQerrorMessage(connection)));
  }
}

std::vector<Row> Session::rows(const std::string& sql, std::string_view purpose) {
  cancellation_.throw_if_requested();
  PGconn* connection = state_->connection.get();
  state_->sqlstate.clear();
  if (PQsendQuery(connection, sql.c_str()) == 0) fail(purpose, one_line(PQerrorMessage(connection)));
  std::vector<Row> answer;
  std::string problem;
  for (;;) {
    wait_for_input(purpose);
    UniqueResult result{PQgetResult(connection)};
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
        answer = rows_of(result.get());
        break;
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        answer.clear();
        break;
      default:
        if (!problem.empty()) break;
        problem = reason_of(result.get(), connection);
        if (const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)) state_->sqlstate = state;
    }
  }
  cancellation_.throw_if_requested();
  if (!problem.empty()) fail(purpose, problem);
  return answer;
}

std::vector<std::string> Session::column(const std::string& sql, std::string_view purpose) {
  std::vector<std::string> values;
  for (Row& row : rows(sql, purpose)) values.push_back(row.empty() ? std::string() : text_of(row.front()));
  return values;
}

void Session::execute(const std::string& sql, std::string_view purpose) {
  rows(sql, purpose);
}

std::string Session::quote_identifier(const std::string& name) {
  UniqueText quoted{PQescapeIdentifier(state_->connection.get(), name.data(), name.size())};
  if (!quoted) fail("quote an identifier", one_line(PQerrorMessage(state_->connection.get())));
  return quoted.get();
}

std::string Session::quote_literal(const std::string& text) {
  UniqueText quoted{PQescapeLiteral(state_->connection.get(), text.data(), text.size())};
  if (!quoted) fail("quote a text", one_line(PQerrorMessage(state_->connection.get())));
  return quoted.get();
}

Secret Session::scram_verifier(const std::string& role, const Secret& password) {
  UniqueText verifier{PQencryptPasswordConn(state_->connection.get(), password.reveal().c_str(), role.c_str(),
                                            "scram-sha-256")};
  if (!verifier) {
    fail("make a SCRAM verifier for role \"" + printable(role) + "\"",
         one_line(PQerrorMessage(state_->connection.get())));
  }
  return Secret{std::string(verifier.get())};
}

const std::string& Session::sqlstate() const {
  return state_->sqlstate;
}

std::vector<std::string> Session::take_notices() {
  return std::exchange(state_->notices, {});
}

std::unique_ptr<Session> connect_with_patience(const SocketEndpoint& endpoint,
                                               const std::vector<std::string>& databases,
                                               const Cancellation& cancellation,
                                               std::chrono::milliseconds patience,
                                               const std::function<bool()>& alive) {
  const auto deadline = SteadyClock::now() + patience;
  auto ask_at = SteadyClock::now();
  for (;;) {
    std::optional<Error> first;
    for (const std::string& name : databases) {
      const auto left = std::chrono::duration_cast<Milliseconds>(deadline - SteadyClock::now());
      try {
        return std::make_unique<Session>(endpoint, name, cancellation, std::max(left, Milliseconds{1'000}));
      } catch (const Error& error) {
        if (!error.is("E-SERVER-NOT-READY")) throw;
        if (!first) first = error;
      }
    }
    if (SteadyClock::now() >= deadline) throw Error(*first);
    if (SteadyClock::now() >= ask_at) {
      if (alive && !alive()) throw Error(*first);
      ask_at = SteadyClock::now() + kAskAliveEvery;
    }
    cancellation.throw_if_requested();
    poll_briefly(-1, 0);  // between two attempts: poll ignores a negative descriptor and only waits
  }
}

std::string text_of(const std::optional<std::string>& value) {
  return value.value_or(std::string());
}

}  // namespace pgupgrade::postgres
