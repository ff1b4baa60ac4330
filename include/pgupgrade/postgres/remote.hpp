#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/postgres/endpoint.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// How large objects are read: page by page, which only a superuser may, or as their owner may, one by one.
enum class LargeObjectReading { pages, objects };

// What is read of one database, and as of when.
struct PrintTask {
  std::string database;
  std::string row_hash;  // best_row_hash() of the older server
  LargeObjectReading large_objects = LargeObjectReading::pages;
  std::string snapshot;                   // Snapshot::id(); empty: as it is now
  std::vector<std::string> schemas = {};  // only their tables and sequences, no large objects; empty: all
  int jobs = 1;
  std::function<void(const std::string& table)> progress;  // from worker threads, one at a time; may be empty
  // Set where applications go on meanwhile, whose own DDL must not have to wait: each table is locked only
  // while it is read, and one that can no longer be read as it was is told here in place of an error. Called
  // as `progress`.
  std::function<void(const std::string& table)> changed = {};
};

// A transaction that holds a state of a database for others to read.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const std::string& id() const = 0;
  // To be called about every half minute, or a firewall may cut the connection, which is idle otherwise.
  virtual void keep_alive() = 0;
  // "schema.name" -> "value 5 called; …" of all sequences (of the schemas, where some are named) as they are
  // now: no snapshot holds them.
  virtual std::map<std::string, std::string> sequences(const std::vector<std::string>& schemas) = 0;
};

// A server that somebody else runs, over any connection that libpq can make, as any role. What the role may
// not do is Error(failed, "E-SQL") with the server's message, or as the connection's errors below.
class RemoteServer : public SqlReader {
 public:
  // With all that libpq used, also from the environment and the service, so that another program connects
  // alike without them.
  virtual const Endpoint& endpoint() const = 0;
  virtual int version_num() const = 0;
  virtual bool is_superuser() const = 0;
  virtual bool is_encrypted() const = 0;
  virtual std::string role() const = 0;
  virtual std::string connect_database() const = 0;

  // query() of SqlReader runs read-only transactions.
  // Statements one after the other, each in a transaction of its own; the first error ends it.
  virtual void execute(const std::string& database, const std::vector<std::string>& statements) = 0;
  // A statement with something secret in it: the server is asked to keep it out of its log as far as the role
  // may ask, and a failure does not show it. `purpose` completes "could not …".
  virtual void execute_secret(const std::string& database, const Secret& statement,
                              const std::string& purpose) = 0;

  // Ends the session to a database that query() or execute() has left open, so that it can be dropped.
  virtual void forget(const std::string& database) = 0;

  virtual std::unique_ptr<Snapshot> snapshot(const std::string& database) = 0;
  virtual DatabasePrint print(const PrintTask& task) = 0;
  // As Server::settle_expressions, for one database of this, the newer server.
  virtual void settle_expressions(const std::string& database, DatabasePrint& old,
                                  const DatabasePrint& now) = 0;
};

class RemoteConnector {
 public:
  virtual ~RemoteConnector() = default;
  // Throws
  //   Error(refused, "E-AUTH")              the server refuses the login
  //   Error(refused, "E-PASSWORD-MISSING")  it asks for a password, and there is none
  //   Error(refused, "E-TLS")               no encryption as asked for, or a certificate that is not accepted
  //   Error(refused, "E-UNREACHABLE")       no server answers there
  //   Error(refused, "E-CONNECTIONS")       all connections are taken
  //   Error(usage, "E-UNKNOWN-DATABASE")    there is no such database
  virtual std::unique_ptr<RemoteServer> connect(const Endpoint& endpoint) = 0;
};

// Asks somebody for the password of the role that logs in; nothing when there is nobody to ask.
using AskPassword = std::function<std::optional<Secret>(const Endpoint& endpoint)>;

// The password that was given is remembered in RemoteServer::endpoint().
std::unique_ptr<RemoteConnector> make_remote_connector(const Cancellation& cancellation, AskPassword ask);

}  // namespace pgupgrade::postgres
