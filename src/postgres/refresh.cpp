#include "postgres/refresh.hpp"

#include "postgres/names.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

// What ANALYZE asks another server for: foreign tables, and all that have one among their children.
constexpr const char* kRemote =
    "WITH RECURSIVE remote(oid) AS (SELECT oid FROM pg_class WHERE relkind = 'f' UNION SELECT i.inhparent "
    "FROM "
    "remote JOIN pg_inherits i ON i.inhrelid = remote.oid) ";
constexpr const char* kNotRemote = "NOT EXISTS (SELECT 1 FROM remote WHERE remote.oid = c.oid)";

struct AnalyzeKind {
  std::string select;
  std::string only;  // "ONLY " or nothing
  std::string kind;
};

// vacuumdb leaves partitioned tables out. Those at the top reach the ones below; from 18 on ONLY keeps the
// partitions, which have statistics already, from being read again. And it is the way to a parent's own rows
// when one of its children is foreign.
std::vector<AnalyzeKind> beside_vacuumdb(int version_num) {
  const std::string from =
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE " +
      sql::user_schema("n");
  const std::string order = " ORDER BY 1, 2";
  if (version_num >= 180000) {
    return {{.select = kRemote + from + " AND c.relkind = 'p' AND " + kNotRemote + order,
             .only = "ONLY ",
             .kind = "partitioned table "},
            {.select = kRemote + from + " AND c.relkind = 'r' AND NOT " + kNotRemote + order,
             .only = "ONLY ",
             .kind = "table "}};
  }
  return {{.select = kRemote + from + " AND c.relkind = 'p' AND " + kNotRemote +
                     " AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT EXISTS "
                     "(SELECT 1 FROM remote WHERE remote.oid = i.inhparent))" +
                     order,
           .only = "",
           .kind = "partitioned table "}};
}

void analyze_beside_vacuumdb(Session& session, std::vector<std::string>& done) {
  for (const AnalyzeKind& own : beside_vacuumdb(session.version_num())) {
    for (const Row& row : session.rows(own.select, "read the partitioned tables")) {
      const std::string schema = text_of(row.at(0));
      const std::string table = text_of(row.at(1));
      const std::string shown = own.kind + display_name(schema, table);
      session.execute(
          "ANALYZE " + own.only + session.quote_identifier(schema) + "." + session.quote_identifier(table),
          "analyze the " + shown);
      done.push_back("analyzed the " + shown);
    }
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
  analyze_beside_vacuumdb(session, done);
  return done;
}

std::vector<std::string> never_analysed(Session& session) {
  const std::string sql =
      std::string(kRemote) +
      "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'm') AND c.relispopulated AND c.reltuples < 0 AND " +
      kNotRemote + " AND " + sql::user_schema("n") +
      " AND NOT EXISTS (SELECT 1 FROM pg_statistic s WHERE s.starelid = c.oid) ORDER BY 1, 2";
  std::vector<std::string> tables;
  for (const Row& row : session.rows(sql, "look for tables without statistics")) {
    tables.push_back(display_name(text_of(row.at(0)), text_of(row.at(1))));
  }
  return tables;
}

AnalyzeScope read_analyze_scope(Session& session) {
  const std::string tables =
      std::string(kRemote) +
      "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind <> 'p' AND " + kNotRemote +
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND "
      "c.relpersistence <> 't' AND (c.relkind <> 'p' OR NOT " +
      kNotRemote + ") ORDER BY 1";
  AnalyzeScope scope;
  for (const Row& row : session.rows(tables, "read the tables"))
    (text_of(row.at(1)) == "t" ? scope.tables : scope.left_out).push_back(text_of(row.at(0)));
  if (scope.left_out.empty()) scope.tables.clear();
  return scope;
}

// From a foreign table to all that reads it: parents, views, functions whose body or row type names it. What
// the text of a function reads stands in no catalog.
std::vector<RemoteView> read_remote_views(Session& session) {
  const std::string views =
      "WITH RECURSIVE reads(class, object, source_class, source) AS (SELECT 'pg_class'::regclass::oid, "
      "r.ev_class, d.refclassid, d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = "
      "'pg_rewrite'::regclass AND d.objid = r.oid WHERE d.refclassid IN ('pg_class'::regclass, "
      "'pg_proc'::regclass) UNION SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE "
      "d.classid = 'pg_proc'::regclass AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) UNION "
      "SELECT d.classid, d.objid, 'pg_class'::regclass::oid, t.typrelid FROM pg_depend d JOIN pg_type t ON "
      "t.oid = d.refobjid WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND "
      "t.typrelid <> 0 UNION SELECT 'pg_class'::regclass::oid, inhparent, 'pg_class'::regclass::oid, "
      "inhrelid "
      "FROM pg_inherits), remote(class, object) AS (SELECT 'pg_class'::regclass::oid, oid FROM pg_class "
      "WHERE "
      "relkind = 'f' UNION SELECT reads.class, reads.object FROM remote JOIN reads ON reads.source_class = "
      "remote.class AND reads.source = remote.object) SELECT c.oid::text, n.nspname::text, c.relname::text "
      "FROM "
      "remote JOIN pg_class c ON c.oid = remote.object JOIN pg_namespace n ON n.oid "
      "= c.relnamespace WHERE remote.class = 'pg_class'::regclass AND c.relkind = 'm' AND c.relispopulated "
      "ORDER BY c.oid";
  std::vector<RemoteView> found;
  for (const Row& row : session.rows(views, "look for views of foreign tables"))
    found.push_back({.oid = text_of(row.at(0)),
                     .name = display_name(text_of(row.at(1)), text_of(row.at(2))),
                     .quoted = session.quote_identifier(text_of(row.at(1))) + "." +
                               session.quote_identifier(text_of(row.at(2)))});
  return found;
}

}  // namespace pgupgrade::postgres
