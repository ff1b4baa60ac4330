#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/secret.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::postgres {

struct SocketEndpoint {
  std::string directory;  // of the Unix socket, on this host
  std::string superuser;
};

using PrintProgress = std::function<void(const std::string& database, const std::string& table)>;

// A setting row of ALTER ROLE/DATABASE … SET that a dump of single databases leaves out.
struct RoleSetting {
  std::string name;
  std::string value;
};

// A materialized view whose REFRESH asks another server.
struct RemoteView {
  std::string oid;     // by which a listing of the dump knows it
  std::string name;    // as in a fingerprint
  std::string quoted;  // "schema"."name"
  bool operator==(const RemoteView&) const = default;
};
// The tables of a database that ANALYZE of a whole one reads, when some of them must be left out.
struct AnalyzeScope {
  std::vector<std::string> tables;  // qualified, quoted; empty when none is left out
  std::vector<std::string> left_out;
};

// Where a standby is.
struct StandbyState {
  bool in_recovery = false;
  bool streaming = false;         // it receives WAL from its server
  std::string replayed;           // "0/1EC7AA8"
  std::int64_t behind_bytes = 0;  // of what it knows that the server has written; 0 when it does not stream
};

// Whether the C library's collations are those with which the indexes were built.
enum class LibcCollations { same, changed };

// A running server that this program drives through a private socket, as superuser. Errors are
// Error(failed, "E-SQL") with the server's message, the database and the statement's purpose.
class Server {
 public:
  virtual ~Server() = default;

  virtual int version_num() = 0;
  virtual Inventory inventory() = 0;

  // Hash of everything a user could miss. `row_hash` names the hash function: pass best_row_hash() of the
  // older of the two servers. `jobs` databases' tables are read in parallel.
  virtual Fingerprint fingerprint(const std::string& row_hash, int jobs, const PrintProgress& progress) = 0;
  // The part of it that the catalogs tell: no rows, no values of sequences, no large objects.
  virtual Fingerprint catalogs() = 0;
  // Expressions (views, defaults, conditions, …) are printed by each version in its own way. Where their
  // texts in `now`, this server's fingerprint, differ from those in `old`, the server reads both and prints
  // them; `old` gets the text of `now` where it prints the same. Leaves nothing behind.
  virtual void settle_expressions(Fingerprint& old, const Fingerprint& now) = 0;

  // Role -> md5 verifier of every role that has one.
  virtual std::map<std::string, Secret> md5_verifiers() = 0;
  // Replaces the role's verifier by a SCRAM one that libpq makes on this side; the plaintext is not sent.
  virtual void set_scram_password(const std::string& role, const Secret& password) = 0;

  // Settings of ALTER ROLE ALL SET (pg_db_role_setting 0/0), which pg_dumpall leaves out.
  virtual std::vector<RoleSetting> settings_for_all_roles() = 0;
  virtual void set_settings_for_all_roles(const std::vector<RoleSetting>& settings) = 0;

  // Gives roles to members with the admin option, in this order; a fresh grant gives no more (16 and later).
  virtual void grant_roles(const std::vector<RoleGrant>& grants) = 0;

  // The members of all extensions of a database, ordered, and initdb's objects that somebody has touched.
  virtual std::vector<ExtensionMember> extension_members(const std::string& database) = 0;
  // Executes statements one by one in one transaction, with search_path=pg_catalog and read-write whatever
  // the server's default.
  virtual void execute(const std::string& database, const std::vector<std::string>& statements) = 0;

  // Catalog rows that pg_dump should have seen in one database: kind -> count (for verify-dump), in the
  // words of pg_restore --list ("TABLE", "INDEX", "FUNCTION", …).
  virtual std::map<std::string, std::int64_t> dumpable_counts(const std::string& database) = 0;

  // Takes away the marks that a server keeps for itself among the options of columns (17.12: pg_attver). A
  // dump would hold them as if somebody had set them, and a server that does not know them refuses the table.
  // It reads values of a row type by the marks of its columns, so where values will still be read those of
  // tables whose row type is in use stay. Returns how many columns still have one that a dump will hold.
  enum class RowsAre { still_read, read };
  virtual std::int64_t clear_column_marks(const std::string& database, RowsAre rows) = 0;
  // How many have one. Nothing is changed.
  virtual std::int64_t count_column_marks(const std::string& database) = 0;

  // Which of "public" (the schema), its comment and "plpgsql" (the extension), with which every database
  // begins, somebody has dropped from this one. A dump brings them back: nothing in it says that they are
  // gone.
  virtual std::vector<std::string> missing_built_ins(const std::string& database) = 0;
  // Drops these, as long as nothing depends on them.
  virtual void drop_built_ins(const std::string& database, const std::vector<std::string>& names) = 0;

  // Errors of postgresql.conf, postgresql.auto.conf (pg_file_settings.error) as sentences.
  virtual std::vector<std::string> configuration_errors() = 0;

  // ANALYZE of partitioned tables (vacuumdb leaves them out), collation versions that the catalog has
  // wrong, extensions with a newer default version. Returns what was done, a line each.
  virtual std::vector<std::string> refresh(const std::string& database) = 0;
  // Populated materialized views that read foreign tables, directly or through other views.
  virtual std::vector<RemoteView> remote_views(const std::string& database) = 0;
  // ANALYZE of a parent reads its children, and asks another server for the foreign ones.
  virtual AnalyzeScope analyze_scope(const std::string& database) = 0;
  // Of a standby.
  virtual StandbyState standby_state() = 0;
  // Whether it has replayed the record that begins at `location` ("0/1EC7AA8") and what comes before it.
  virtual bool has_replayed(const std::string& location) = 0;
  // Ends its recovery; returns once it takes writes.
  virtual void promote() = 0;
  // Tables whose rows a physical copy does not have: "schema.table".
  virtual std::vector<std::string> unlogged_tables(const std::string& database) = 0;
  // Oid -> path of the first file, within the data directory, of every table and index that is not
  // PostgreSQL's own. pg_upgrade keeps the oids.
  virtual std::map<std::string, std::string> relation_files(const std::string& database) = 0;
  // After pg_upgrade: rebuilds the indexes whose order may have changed. Returns what was done, a line each.
  virtual std::vector<std::string> rebuild_indexes(const std::string& database, LibcCollations libc) = 0;

  // Tables of all databases with neither rows in pg_statistic nor pg_class.reltuples >= 0; "db.schema.table".
  virtual std::vector<std::string> tables_without_statistics() = 0;

  // What these databases take up on disk, in bytes, also while somebody writes to them. One that is not there
  // counts nothing.
  virtual std::int64_t size_of(const std::vector<std::string>& databases) = 0;
};

// The name of the way in which both sides hash rows: what a server of that version has, and newer ones do
// alike.
std::string best_row_hash(int version_num);
// In its place: no table and no large object is read, only what there is of them.
inline constexpr const char* kNoRows = "no rows";

// A login as an application makes it: over TCP, with a password.
struct LoginAttempt {
  std::string host;  // an address, no name
  int port = 5432;
  std::string role;
  std::string database;
  Secret password;
};
enum class LoginOutcome { accepted, refused, unreachable };
struct LoginResult {
  LoginOutcome outcome = LoginOutcome::unreachable;
  std::string reason;  // the server's or the system's text, empty when accepted
};

// The rows and large objects of databases as they were when this was made, whatever is written since: a
// transaction in each holds them, and VACUUM keeps what they are.
struct ReadRows {
  Fingerprint print;  // tables and large objects only
  // Database -> tables, as in the fingerprint, whose rows of then can no longer be read: they were dropped,
  // renamed, truncated or rewritten since, which is seen by all transactions at once.
  std::map<std::string, std::set<std::string>> changed;
};
class HeldRows {
 public:
  virtual ~HeldRows() = default;
  // `row_hash`, `jobs`: as Server::fingerprint. Locks a table only while it is read. Ends what holds them.
  virtual ReadRows read(const std::string& row_hash, int jobs, const PrintProgress& progress) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;
  // Connects, waiting up to `patience` for the server to accept connections, as long as `alive` (asked about
  // once a second) says that it still runs. Error(failed, "E-SERVER-NOT-READY") names the last reason.
  virtual std::unique_ptr<Server> connect(const SocketEndpoint& endpoint, std::chrono::milliseconds patience,
                                          const std::function<bool()>& alive) = 0;
  // `unreachable` when nothing answers at the address (PQping decides); waits a few seconds at most.
  virtual LoginResult login(const LoginAttempt& attempt) = 0;
  // As a superuser. Throws as RemoteConnector::connect does, and Error(failed, "E-SQL").
  virtual std::unique_ptr<HeldRows> hold_rows(const LoginAttempt& login,
                                              const std::vector<std::string>& databases) = 0;
};

std::unique_ptr<Connector> make_connector(const Cancellation& cancellation);

}  // namespace pgupgrade::postgres
