#include "postgres/refresh.hpp"

#include "postgres/names.hpp"
#include "postgres/remote_sql.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

// vacuumdb leaves partitioned tables out. Those at the top reach the ones below; from 18 on ONLY keeps the
// partitions, which have statistics already, from being read again. (It reads samples of them all the same,
// so it is no way around a foreign one.)
void analyze_partitioned_tables(Session& session, std::vector<std::string>& done) {
  const bool has_only = session.version_num() >= 180000;
  const std::string tables =
      sql::with_remote() +
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind = 'p' AND " +
      sql::user_schema("n") + " AND " + sql::not_remote("c") +
      (has_only ? ""
                : " AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT EXISTS "
                  "(SELECT 1 FROM remote WHERE remote.oid = i.inhparent))") +
      " ORDER BY 1, 2";
  for (const Row& row : session.rows(tables, "read the partitioned tables")) {
    const std::string schema = text_of(row.at(0));
    const std::string table = text_of(row.at(1));
    const std::string shown = display_name(schema, table);
    session.execute(std::string("ANALYZE ") + (has_only ? "ONLY " : "") + session.quote_identifier(schema) +
                        "." + session.quote_identifier(table),
                    "analyze the partitioned table " + shown);
    done.push_back("analyzed the partitioned table " + shown);
  }
}

void refresh_collations(Session& session, std::vector<std::string>& done) {
  const std::string stale =
      "SELECT n.nspname::text, c.collname::text FROM pg_collation c JOIN pg_namespace n ON n.oid = "
      "c.collnamespace "
      "WHERE c.collversion <> pg_collation_actual_version(c.oid) ORDER BY 1, 2";
  for (const Row& row : session.rows(stale, "read the collations")) {
    const std::string schema = text_of(row.at(0));
    const std::string name = text_of(row.at(1));
    session.execute("ALTER COLLATION " + session.quote_identifier(schema) + "." +
                        session.quote_identifier(name) + " REFRESH VERSION",
                    "refresh the version of collation " + display_name(schema, name));
    done.push_back("refreshed the version of collation " + display_name(schema, name));
  }
  if (session.version_num() < 150000) return;
  const std::string database_is_stale =
      "SELECT 'stale' FROM pg_database WHERE datname = current_database() AND datcollversion <> "
      "pg_database_collation_actual_version(oid)";
  if (session.column(database_is_stale, "read the database's collation").empty()) return;
  session.execute(
      "ALTER DATABASE " + session.quote_identifier(session.database()) + " REFRESH COLLATION VERSION",
      "refresh the collation version");
  done.push_back("refreshed the collation version of database " + display_name(session.database()));
}

void update_extensions(Session& session, std::vector<std::string>& done) {
  const std::string outdated =
      "SELECT e.extname::text, e.extversion, a.default_version FROM pg_extension e JOIN "
      "pg_available_extensions a ON "
      "a.name = e.extname WHERE a.default_version <> e.extversion AND EXISTS (SELECT 1 FROM "
      "pg_extension_update_paths(e.extname) p WHERE p.source = e.extversion AND p.target = a.default_version "
      "AND "
      "p.path IS NOT NULL) ORDER BY 1";
  for (const Row& row : session.rows(outdated, "read the extensions")) {
    const std::string name = text_of(row.at(0));
    session.execute("ALTER EXTENSION " + session.quote_identifier(name) + " UPDATE",
                    "update the extension " + display_name(name));
    done.push_back("updated the extension " + display_name(name) + " from " + text_of(row.at(1)) + " to " +
                   text_of(row.at(2)));
  }
}

}  // namespace

std::vector<std::string> refresh_database(Session& session) {
  std::vector<std::string> done;
  refresh_collations(session, done);
  update_extensions(session, done);
  analyze_partitioned_tables(session, done);
  return done;
}

std::vector<std::string> never_analyzed(Session& session) {
  const std::string sql =
      sql::with_remote() +
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'm') AND c.relispopulated AND c.reltuples < 0 AND " +
      sql::not_remote("c") + " AND " + sql::user_schema("n") +
      " AND NOT EXISTS (SELECT 1 FROM pg_statistic s WHERE s.starelid = c.oid) ORDER BY 1, 2";
  std::vector<std::string> tables;
  for (const Row& row : session.rows(sql, "look for tables without statistics")) {
    tables.push_back(display_name(text_of(row.at(0)), text_of(row.at(1))));
  }
  return tables;
}

AnalyzeScope read_analyze_scope(Session& session) {
  const std::string tables =
      sql::with_remote() +
      "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind <> 'p' AND " +
      sql::not_remote("c") +
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND "
      "c.relpersistence <> 't' AND (c.relkind <> 'p' OR NOT " +
      sql::not_remote("c") + ") ORDER BY 1";
  AnalyzeScope scope;
  for (const Row& row : session.rows(tables, "read the tables"))
    (text_of(row.at(1)) == "t" ? scope.tables : scope.left_out).push_back(text_of(row.at(0)));
  if (scope.left_out.empty()) scope.tables.clear();
  return scope;
}

std::vector<RemoteView> read_remote_views(Session& session) {
  std::vector<RemoteView> found;
  for (const Row& row : session.rows(sql::remote_views(), "look for views of foreign tables"))
    found.push_back({.oid = text_of(row.at(0)),
                     .name = display_name(text_of(row.at(1)), text_of(row.at(2))),
                     .quoted = session.quote_identifier(text_of(row.at(1))) + "." +
                               session.quote_identifier(text_of(row.at(2)))});
  return found;
}

}  // namespace pgupgrade::postgres
