#include "postgres/remote_sql.hpp"

namespace pgupgrade::postgres::sql {

std::string with_remote() {
  return "WITH RECURSIVE remote(oid) AS (SELECT oid FROM pg_class WHERE relkind = 'f' UNION SELECT "
         "i.inhparent FROM remote JOIN pg_inherits i ON i.inhrelid = remote.oid) ";
}

std::string not_remote(const std::string& alias) {
  return "NOT EXISTS (SELECT 1 FROM remote WHERE remote.oid = " + alias + ".oid)";
}

namespace {

std::string views_over_foreign_tables(const std::string& condition) {
  return "WITH RECURSIVE reads(class, object, source_class, source) AS (SELECT 'pg_class'::regclass::oid, "
         "r.ev_class, d.refclassid, d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = "
         "'pg_rewrite'::regclass AND d.objid = r.oid WHERE d.refclassid IN ('pg_class'::regclass, "
         "'pg_proc'::regclass) UNION SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d "
         "WHERE d.classid = 'pg_proc'::regclass AND d.refclassid IN ('pg_class'::regclass, "
         "'pg_proc'::regclass) UNION SELECT d.classid, d.objid, 'pg_class'::regclass::oid, t.typrelid FROM "
         "pg_depend d JOIN pg_type t ON t.oid = d.refobjid WHERE d.classid = 'pg_proc'::regclass AND "
         "d.refclassid = 'pg_type'::regclass AND t.typrelid <> 0 UNION SELECT 'pg_class'::regclass::oid, "
         "inhparent, 'pg_class'::regclass::oid, inhrelid FROM pg_inherits), remote(class, object) AS (SELECT "
         "'pg_class'::regclass::oid, oid FROM pg_class WHERE relkind = 'f' UNION SELECT reads.class, "
         "reads.object FROM remote JOIN reads ON reads.source_class = remote.class AND reads.source = "
         "remote.object) SELECT c.oid::text, n.nspname::text, c.relname::text FROM remote JOIN pg_class c ON "
         "c.oid = remote.object JOIN pg_namespace n ON n.oid = c.relnamespace WHERE remote.class = "
         "'pg_class'::regclass AND c.relkind = 'm' " +
         condition + "ORDER BY 2, 3";
}

}  // namespace

std::string remote_views() {
  return views_over_foreign_tables("AND c.relispopulated ");
}

std::string all_remote_views() {
  return views_over_foreign_tables("");
}

}  // namespace pgupgrade::postgres::sql
