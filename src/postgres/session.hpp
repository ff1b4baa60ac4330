#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/secret.hpp"
#include "pgupgrade/postgres/endpoint.hpp"
#include "pgupgrade/postgres/server.hpp"

namespace pgupgrade::postgres {

// One row of an answer; a NULL is nothing.
using Row = std::vector<std::optional<std::string>>;

// One libpq connection, with all settings that change how values are printed fixed (they outrank ALTER ROLE
// and ALTER DATABASE … SET). The cancellation is polled during every wait; a running statement is then
// cancelled on the server, too. Errors are Error(failed, "E-SQL") with the statement's purpose, the database
// and the server's message.
class Session {
 public:
  // Throws Error(failed, "E-SERVER-NOT-READY") when no session comes about within `patience`.
  Session(const SocketEndpoint& endpoint, std::string database, const Cancellation& cancellation,
          std::chrono::milliseconds patience = std::chrono::seconds{30});
  // To somebody's server, as any role: settings that only a superuser may change are then left as they are.
  // Throws as RemoteConnector::connect does.
  Session(const Endpoint& endpoint, std::string database, const Cancellation& cancellation);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& database() const { return database_; }
  int version_num() const;
  bool is_superuser() const;
  bool is_encrypted() const;
  // All that libpq used for this connection, with the very address that answered.
  Endpoint resolved_endpoint() const;

  // `purpose` completes "cannot …", for example "read the roles". Returns the rows of the last statement.
  std::vector<Row> rows(const std::string& sql, std::string_view purpose);
  // The first column; a NULL is an empty text.
  std::vector<std::string> column(const std::string& sql, std::string_view purpose);
  void execute(const std::string& sql, std::string_view purpose);

  std::string quote_identifier(const std::string& name);
  std::string quote_literal(const std::string& text);
  // The SCRAM-SHA-256 verifier that libpq makes of a password, on this side.
  Secret scram_verifier(const std::string& role, const Secret& password);

  // Statements from now on go neither to the server's log nor to the statistics of extensions that watch
  // statements (a setting of an extension that is not there is accepted as a placeholder).
  void keep_out_of_log();

  // Names come in UTF-8, but from a database without an encoding (SQL_ASCII): from there in whatever bytes
  // they are, and so from any other after this.
  void use_own_encoding();
  // Whether the last statement failed because a text has no counterpart in UTF-8.
  bool cannot_convert() const;
  // Of the error of the last statement; empty when it had none.
  const std::string& sqlstate() const;
  // Warnings and notices since the last call.
  std::vector<std::string> take_notices();

 private:
  struct State;
  void connect(const SocketEndpoint& endpoint, std::chrono::milliseconds patience);
  void connect(const Endpoint& endpoint);
  void set_up();
  void wait_for_input(std::string_view purpose);
  [[noreturn]] void fail(std::string_view purpose, const std::string& reason) const;

  std::string database_;
  const Cancellation& cancellation_;
  std::unique_ptr<State> state_;
};

// A session to a server that may be starting: tries the databases in turn, again and again, until one
// accepts. Error(failed, "E-SERVER-NOT-READY") with the reason for the first database once `patience` has
// ended or `alive` (asked about once a second; may be empty) says no.
std::unique_ptr<Session> connect_with_patience(const SocketEndpoint& endpoint,
                                               const std::vector<std::string>& databases,
                                               const Cancellation& cancellation,
                                               std::chrono::milliseconds patience,
                                               const std::function<bool()>& alive);

// The text of a possibly missing value.
std::string text_of(const std::optional<std::string>& value);

}  // namespace pgupgrade::postgres
