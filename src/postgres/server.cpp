#include "pgupgrade/postgres/server.hpp"

#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "pgupgrade/postgres/members.hpp"
#include "pgupgrade/postgres/rehearsal.hpp"
#include "postgres/built_ins.hpp"
#include "postgres/dumpable_sql.hpp"
#include "postgres/fingerprint.hpp"
#include "postgres/libpq_server.hpp"
#include "postgres/names.hpp"
#include "postgres/refresh.hpp"
#include "postgres/reprint.hpp"
#include "postgres/session.hpp"
#include "postgres/standby.hpp"

namespace pgupgrade::postgres {
namespace {

std::int64_t count_marks(Session& session) {
  const auto found = session.column(column_marks_sql(), "count the marks of columns");
  return found.empty() ? 0 : std::stoll(found.front());
}

// SqlReader over libpq: one session at a time, kept for the next question about the same database.
class SessionReader final : public SqlReader {
 public:
  SessionReader(const SocketEndpoint& endpoint, const Cancellation& cancellation)
      : endpoint_(endpoint), cancellation_(cancellation) {}

  std::vector<std::string> query(const std::string& database, const std::string& sql) override {
    if (!session_ || session_->database() != database) {
      session_ = std::make_unique<Session>(endpoint_, database, cancellation_);
      session_->execute("SET default_transaction_read_only = on", "set up a session");
    }
    return session_->column(sql, "inspect the cluster");
  }

 private:
  const SocketEndpoint& endpoint_;
  const Cancellation& cancellation_;
  std::unique_ptr<Session> session_;
};

class LibpqServer final : public Server {
 public:
  LibpqServer(SocketEndpoint endpoint, std::unique_ptr<Session> session, const Cancellation& cancellation)
      : endpoint_(std::move(endpoint)), session_(std::move(session)), cancellation_(cancellation) {}

  int version_num() override { return session_->version_num(); }

  Inventory inventory() override {
    SessionReader reader(endpoint_, cancellation_);
    return read_inventory(reader, session_->database());
  }

  Fingerprint fingerprint(const std::string& row_hash, int jobs, const PrintProgress& progress) override {
    return read_fingerprint(endpoint_, session_->database(), row_hash, jobs, progress, cancellation_);
  }

  void settle_expressions(Fingerprint& old, const Fingerprint& now) override {
    for (auto& [database, print] : old.databases) {
      const auto found = now.databases.find(database);
      if (found == now.databases.end() || found->second.objects == print.objects) continue;
      Session session(endpoint_, database, cancellation_);
      postgres::settle_expressions(session, print.objects, found->second.objects);
    }
  }

  Fingerprint catalogs() override { return read_catalogs(endpoint_, session_->database(), cancellation_); }

  std::map<std::string, Secret> md5_verifiers() override {
    SessionReader reader(endpoint_, cancellation_);
    return read_md5_verifiers(reader, session_->database());
  }

  void set_scram_password(const std::string& role, const Secret& password) override;
  std::vector<RoleSetting> settings_for_all_roles() override;
  void set_settings_for_all_roles(const std::vector<RoleSetting>& settings) override;
  void grant_roles(const std::vector<RoleGrant>& grants) override;

  std::vector<ExtensionMember> extension_members(const std::string& database) override {
    SessionReader reader(endpoint_, cancellation_);
    return read_members(reader, database, session_->version_num());
  }

  void execute(const std::string& database, const std::vector<std::string>& statements) override;

  std::map<std::string, std::int64_t> dumpable_counts(const std::string& database) override;
  std::vector<std::string> missing_built_ins(const std::string& database) override;
  void drop_built_ins(const std::string& database, const std::vector<std::string>& names) override;
  std::vector<std::string> configuration_errors() override;

  std::vector<std::string> refresh(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return refresh_database(session);
  }

  std::int64_t clear_column_marks(const std::string& database, RowsAre rows) override;
  std::int64_t count_column_marks(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return count_marks(session);
  }
  std::vector<RemoteView> remote_views(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return read_remote_views(session);
  }
  AnalyzeScope analyze_scope(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return read_analyze_scope(session);
  }

  std::vector<std::string> tables_without_statistics() override;
  std::int64_t size_of(const std::vector<std::string>& databases) override;

  StandbyState standby_state() override { return read_standby_state(*session_); }
  bool has_replayed(const std::string& location) override { return read_has_replayed(*session_, location); }
  void promote() override { promote_standby(*session_); }
  std::vector<std::string> unlogged_tables(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return session.column(unlogged_tables_sql(), "read the unlogged tables");
  }
  std::map<std::string, std::string> relation_files(const std::string& database) override {
    Session session(endpoint_, database, cancellation_);
    return read_relation_files(session);
  }
  std::vector<std::string> rebuild_indexes(const std::string& database, LibcCollations libc) override {
    Session session(endpoint_, database, cancellation_);
    return rebuild_collated_indexes(session, libc);
  }

 private:
  std::vector<std::string> open_databases() {
    return session_->column(
        "SELECT datname::text FROM pg_database WHERE datallowconn AND datconnlimit <> -2 AND datname <> "
        "'template0' "
        "ORDER BY 1",
        "read the databases");
  }

  SocketEndpoint endpoint_;
  std::unique_ptr<Session> session_;  // to the database that was connected to first
  const Cancellation& cancellation_;
};

void LibpqServer::set_scram_password(const std::string& role, const Secret& password) {
  Session session(endpoint_, session_->database(), cancellation_);
  session.keep_out_of_log();
  const Secret verifier = session.scram_verifier(role, password);
  const Secret statement{"ALTER ROLE " + session.quote_identifier(role) + " PASSWORD " +
                         session.quote_literal(verifier.reveal())};
  session.execute(statement.reveal(), "set the password of role \"" + printable(role) + "\"");
}

std::vector<RoleSetting> LibpqServer::settings_for_all_roles() {
  std::vector<RoleSetting> settings;
  const std::string sql =
      "SELECT split_part(u.t, '=', 1), substr(u.t, strpos(u.t, '=') + 1) FROM pg_db_role_setting s, LATERAL "
      "unnest(s.setconfig) u(t) WHERE s.setdatabase = 0 AND s.setrole = 0 ORDER BY 1";
  for (const Row& row : session_->rows(sql, "read the settings of all roles")) {
    settings.push_back({.name = text_of(row.at(0)), .value = text_of(row.at(1))});
  }
  return settings;
}

void LibpqServer::set_settings_for_all_roles(const std::vector<RoleSetting>& settings) {
  for (const RoleSetting& setting : settings) {
    // set_config() takes a list as one text, which SET x TO 'a, b' would not for settings that are lists.
    const std::string purpose = "set \"" + printable(setting.name) + "\" for all roles";
    session_->execute("SELECT set_config(" + session_->quote_literal(setting.name) + ", " +
                          session_->quote_literal(setting.value) + ", false)",
                      purpose);
    std::string name;
    for (const char c : setting.name) {  // "extension.setting" is two identifiers
      if (c == '.') {
        name += "\".\"";
      } else {
        name += c == '"' ? std::string("\"\"") : std::string(1, c);
      }
    }
    // What has just been set may be that transactions are read-only.
    session_->execute("BEGIN READ WRITE", purpose);
    session_->execute("ALTER ROLE ALL SET \"" + name + "\" FROM CURRENT", purpose);
    session_->execute("COMMIT", purpose);
    session_->execute("RESET \"" + name + "\"", purpose);
  }
}

// A role that was dropped since the plan has nobody who could miss it.
void LibpqServer::grant_roles(const std::vector<RoleGrant>& grants) {
  for (const RoleGrant& grant : grants) {
    const std::string purpose =
        "grant role \"" + printable(grant.role) + "\" to \"" + printable(grant.member) + "\"";
    const std::string both =
        session_->quote_literal(grant.role) + ", " + session_->quote_literal(grant.member);
    if (session_->column("SELECT rolname::text FROM pg_roles WHERE rolname IN (" + both + ")", purpose)
            .size() != 2)
      continue;
    session_->execute("BEGIN READ WRITE", purpose);
    session_->execute("GRANT " + session_->quote_identifier(grant.role) + " TO " +
                          session_->quote_identifier(grant.member) + " WITH ADMIN TRUE" +
                          (grant.fresh ? ", INHERIT FALSE, SET FALSE" : ""),
                      purpose);
    session_->execute("COMMIT", purpose);
  }
}

void LibpqServer::execute(const std::string& database, const std::vector<std::string>& statements) {
  if (statements.empty()) return;
  Session session(endpoint_, database, cancellation_);
  // A user's event triggers have no say in it.
  session.execute("SET session_replication_role = replica", "set up a session");
  session.execute("BEGIN READ WRITE", "begin to change the catalog");
  for (const std::string& statement : statements)
    session.execute(statement, "run \"" + printable(statement, 500) + "\"");
  session.execute("COMMIT", "change the catalog");
}

std::map<std::string, std::int64_t> LibpqServer::dumpable_counts(const std::string& database) {
  Session session(endpoint_, database, cancellation_);
  std::map<std::string, std::int64_t> counts;
  for (const Row& row :
       session.rows(dumpable_counts_sql(session.version_num()), "count the objects to dump")) {
    const std::string text = text_of(row.at(1));
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    if (count > 0) counts[text_of(row.at(0))] = count;
  }
  return counts;
}

std::vector<std::string> LibpqServer::missing_built_ins(const std::string& database) {
  SessionReader reader(endpoint_, cancellation_);
  return read_missing_built_ins(reader, database);
}

void LibpqServer::drop_built_ins(const std::string& database, const std::vector<std::string>& names) {
  Session session(endpoint_, database, cancellation_);
  for (const std::string& name : names) {
    std::string statement = "DROP EXTENSION " + session.quote_identifier(name);
    if (name == kPublic) statement = std::string("DROP SCHEMA ") + kPublic;
    if (name == kPublicComment) statement = std::string("COMMENT ON SCHEMA ") + kPublic + " IS NULL";
    session.execute(statement, "drop what the old database had not");
  }
}

// Its own work server's cluster is given up or put back; the user's own server never sees this.
std::int64_t LibpqServer::clear_column_marks(const std::string& database, RowsAre rows) {
  Session session(endpoint_, database, cancellation_);
  const std::string purpose = "clear the marks of columns";
  const std::string in_use =
      "EXISTS (SELECT 1 FROM pg_class c JOIN pg_type t ON t.oid = c.reltype JOIN pg_depend d ON d.refobjid "
      "IN "
      "(t.oid, t.typarray) WHERE c.oid = attrelid AND d.refclassid = 'pg_type'::regclass AND d.classid IN "
      "('pg_class'::regclass, 'pg_type'::regclass) AND d.objid <> t.typarray)";
  if (count_marks(session) == 0) return 0;
  session.execute("SET allow_system_table_mods = on", purpose);
  session.execute(
      "UPDATE pg_attribute SET attoptions = nullif(ARRAY(SELECT o FROM unnest(attoptions) WITH ORDINALITY "
      "u(o, n) WHERE o NOT LIKE 'pg\\_attver=%' ORDER BY n), '{}') WHERE " +
          std::string(kMarkedColumns) + (rows == RowsAre::still_read ? " AND NOT " + in_use : ""),
      purpose);
  return count_marks(session);
}

// A setting that only waits for a restart is no error.
std::vector<std::string> LibpqServer::configuration_errors() {
  const std::string sql =
      "SELECT f.sourcefile, f.sourceline::text, f.error, f.name, f.setting FROM pg_file_settings f LEFT JOIN "
      "pg_settings s ON lower(s.name) = lower(f.name) WHERE f.error IS NOT NULL AND NOT (s.context IS NOT "
      "DISTINCT "
      "FROM 'postmaster' AND f.error = 'setting could not be applied') ORDER BY f.seqno";
  std::vector<std::string> errors;
  for (const Row& row : session_->rows(sql, "check the configuration files")) {
    std::string error = text_of(row.at(0)) + ", line " + text_of(row.at(1)) + ": " + text_of(row.at(2));
    if (row.at(3)) error += " (" + *row.at(3) + " = '" + text_of(row.at(4)) + "')";
    errors.push_back(printable(error, 1000));
  }
  return errors;
}

std::vector<std::string> LibpqServer::tables_without_statistics() {
  std::vector<std::string> tables;
  for (const std::string& database : open_databases()) {
    Session session(endpoint_, database, cancellation_);
    for (const std::string& table : never_analyzed(session))
      tables.push_back(display_name(database) + "." + table);
  }
  return tables;
}

std::int64_t LibpqServer::size_of(const std::vector<std::string>& databases) {
  std::string names;
  for (const std::string& database : databases) names += (names.empty() ? "" : ", ") + sql_literal(database);
  if (names.empty()) return 0;
  const auto sizes = session_->column(
      "SELECT coalesce(sum(pg_catalog.pg_database_size(oid)), 0)::text FROM pg_catalog.pg_database WHERE "
      "datname "
      "IN (" +
          names + ")",
      "read the sizes of databases");
  std::int64_t sum = 0;
  std::from_chars(sizes.at(0).data(), sizes.at(0).data() + sizes.at(0).size(), sum);
  return sum;
}

}  // namespace

std::unique_ptr<Server> make_server(const SocketEndpoint& endpoint, std::unique_ptr<Session> session,
                                    const Cancellation& cancellation) {
  return std::make_unique<LibpqServer>(endpoint, std::move(session), cancellation);
}

}  // namespace pgupgrade::postgres
