#include "pgupgrade/postgres/remote.hpp"

#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/fingerprint.hpp"
#include "postgres/reprint.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

class LibpqSnapshot final : public Snapshot {
 public:
  LibpqSnapshot(const Endpoint& endpoint, const std::string& database, const Cancellation& cancellation)
      : session_(endpoint, database, cancellation), fresh_(endpoint, database, cancellation) {
    session_.execute(kBegin, "begin to read");
    id_ = session_.column("SELECT pg_export_snapshot()", "export a snapshot").at(0);
  }

  const std::string& id() const override { return id_; }

  void keep_alive() override {
    session_.execute("SELECT 1", "keep the snapshot");
    fresh_.execute("SELECT 1", "keep the connection");
  }

  std::map<std::string, std::string> sequences(const std::vector<std::string>& schemas) override {
    DatabasePrint print;
    read_sequences(fresh_, schemas, print);
    return print.sequences;
  }

 private:
  Session session_;
  Session fresh_;
  std::string id_;
};

class LibpqRemote final : public RemoteServer {
 public:
  LibpqRemote(std::unique_ptr<Session> session, const Cancellation& cancellation)
      : endpoint_(session->resolved_endpoint()), session_(std::move(session)), cancellation_(cancellation) {}

  const Endpoint& endpoint() const override { return endpoint_; }
  int version_num() const override { return session_->version_num(); }
  bool is_superuser() const override { return session_->is_superuser(); }
  bool is_encrypted() const override { return session_->is_encrypted(); }
  std::string role() const override { return endpoint_.value("user"); }
  std::string connect_database() const override { return session_->database(); }

  std::vector<std::string> query(const std::string& database, const std::string& sql) override {
    Session& session = session_to(database);
    session.execute("BEGIN READ ONLY", "begin to read");
    try {
      std::vector<std::string> rows = session.column(sql, "look at the server");
      session.execute("COMMIT", "end reading");
      return rows;
    } catch (const Error&) {
      end(session);
      throw;
    }
  }

  void execute(const std::string& database, const std::vector<std::string>& statements) override {
    Session& session = session_to(database);
    for (const std::string& statement : statements)
      session.execute(statement, "run \"" + printable(statement, 500) + "\"");
  }

  void execute_secret(const std::string& database, const Secret& statement,
                      const std::string& purpose) override {
    Session session(endpoint_, database, cancellation_);
    if (session.is_superuser()) session.keep_out_of_log();
    session.execute(statement.reveal(), purpose);
  }

  std::unique_ptr<Snapshot> snapshot(const std::string& database) override {
    return std::make_unique<LibpqSnapshot>(endpoint_, database, cancellation_);
  }

  DatabasePrint print(const PrintTask& task) override { return read_print(endpoint_, task, cancellation_); }

  void settle_expressions(const std::string& database, DatabasePrint& old,
                          const DatabasePrint& now) override {
    if (old.objects == now.objects) return;
    Session session(endpoint_, database, cancellation_);
    postgres::settle_expressions(session, old.objects, now.objects);
  }

  // Sessions to databases other than the first end here, so that those can be dropped.
  void forget(const std::string& database) override {
    if (other_ && other_->database() == database) other_.reset();
  }

 private:
  Session& session_to(const std::string& database) {
    if (session_->database() == database) return *session_;
    if (!other_ || other_->database() != database) {
      other_.reset();
      other_ = std::make_unique<Session>(endpoint_, database, cancellation_);
    }
    return *other_;
  }

  static void end(Session& session) {
    try {
      session.execute("ROLLBACK", "end reading");
    } catch (const Error&) {
      // The session is at its end; there is another error to tell.
    }
  }

  Endpoint endpoint_;
  std::unique_ptr<Session> session_;  // to the database that was connected to first
  std::unique_ptr<Session> other_;
  const Cancellation& cancellation_;
};

class LibpqRemoteConnector final : public RemoteConnector {
 public:
  LibpqRemoteConnector(const Cancellation& cancellation, AskPassword ask)
      : cancellation_(cancellation), ask_(std::move(ask)) {}

  std::unique_ptr<RemoteServer> connect(const Endpoint& endpoint) override {
    const std::string database = endpoint.value("dbname");
    try {
      return std::make_unique<LibpqRemote>(std::make_unique<Session>(endpoint, database, cancellation_),
                                           cancellation_);
    } catch (const Error& error) {
      if (!error.is("E-PASSWORD-MISSING")) throw;
      const std::optional<Secret> password = ask_ ? ask_(endpoint) : std::nullopt;
      if (!password) throw;
      Endpoint with_password = endpoint;
      with_password.password = *password;
      return std::make_unique<LibpqRemote>(std::make_unique<Session>(with_password, database, cancellation_),
                                           cancellation_);
    }
  }

 private:
  const Cancellation& cancellation_;
  AskPassword ask_;
};

}  // namespace

std::unique_ptr<RemoteConnector> make_remote_connector(const Cancellation& cancellation, AskPassword ask) {
  return std::make_unique<LibpqRemoteConnector>(cancellation, std::move(ask));
}

}  // namespace pgupgrade::postgres
