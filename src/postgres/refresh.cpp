#include "postgres/refresh.hpp"

#include "postgres/names.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

// vacuumdb leaves partitioned tables out. Those at the top reach the ones below; from 18 on ONLY keeps the
// partitions, which have statistics already, from being read again.
void analyse_partitioned_tables(Session& session, std::vector<std::string>& done) {
  const bool has_only = session.version_num() >= 180000;
  const std::string tables =
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE "
      "c.relkind = 'p' AND " +
      sql::user_schema("n") + (has_only ? "" : " AND NOT c.relispartition") + " ORDER BY 1, 2";
  for (const Row& row : session.rows(tables, "read the partitioned tables")) {
    const std::string schema = text_of(row.at(0));
    const std::string table = text_of(row.at(1));
    const std::string shown = display_name(schema, table);
    session.execute(std::string("ANALYZE ") + (has_only ? "ONLY " : "") + session.quote_identifier(schema) +
                        "." + session.quote_identifier(table),
                    "analyse the partitioned table " + shown);
    done.push_back("analysed the partitioned table " + shown);
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
      "a.name = e.extname WHERE a.default_version <> e.extversion ORDER BY 1";
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
  analyse_partitioned_tables(session, done);
  return done;
}

std::vector<std::string> never_analysed(Session& session) {
  const std::string sql =
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE "
      "c.relkind IN ('r', 'p', 'm') AND c.reltuples < 0 AND " +
      sql::user_schema("n") +
      " AND NOT EXISTS (SELECT 1 FROM pg_statistic s WHERE s.starelid = c.oid) ORDER BY 1, 2";
  std::vector<std::string> tables;
  for (const Row& row : session.rows(sql, "look for tables without statistics")) {
    tables.push_back(display_name(text_of(row.at(0)), text_of(row.at(1))));
  }
  return tables;
}

}  // namespace pgupgrade::postgres
