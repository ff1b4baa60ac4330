#include "migrate/server_sql.hpp"

#include <fmt/format.h>

#include <utility>

#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

std::string as_json(const std::string& select) {
  return "SELECT row_to_json(answer)::text FROM (" + select + ") answer";
}

// Schemas that users make, or those of them that are named; `n` is pg_namespace.
std::string user_schema(const Schemas& schemas) {
  std::string names;
  for (const std::string& schema : schemas) names += (names.empty() ? "" : ", ") + sql_literal(schema);
  return "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'" +
         (names.empty() ? "" : " AND n.nspname IN (" + names + ")");
}

std::string no_member(const std::string& catalog, const std::string& oid) {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '{}'::regclass AND e.objid = {} AND e.deptype "
      "= "
      "'e')",
      catalog, oid);
}

// Owners of what users have made in a catalog; what is an extension's belongs to whoever creates the
// extension.
std::string owners_in(const std::string& catalog, const std::string& column,
                      const std::string& where = "true") {
  return fmt::format("SELECT 'owner' AS why, c.{} AS role FROM {} c WHERE c.oid >= 16384 AND {} AND {}",
                     column, catalog, where, no_member(catalog, "c.oid"));
}

}  // namespace

std::string server_sql() {
  return as_json(
      "SELECT split_part(current_setting('server_version'), ' ', 1) AS version, current_user::text AS role, "
      "(SELECT b.rolname::text FROM "
      "pg_roles b WHERE b.oid = 10) AS bootstrap, "
      "r.rolsuper AS superuser, r.rolcreatedb OR r.rolsuper AS creates_databases, r.rolcreaterole OR "
      "r.rolsuper AS "
      "creates_roles, pg_is_in_recovery() AS in_recovery, pg_postmaster_start_time()::text || ' ' || "
      "current_setting('server_version') AS started, least(current_setting('max_connections')::int - CASE "
      "WHEN "
      "r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int END - (SELECT "
      "count(*)::int "
      "FROM pg_stat_activity WHERE backend_type = 'client backend' OR backend_type IS NULL), CASE WHEN "
      "r.rolconnlimit "
      ">= 0 THEN r.rolconnlimit - (SELECT count(*)::int FROM pg_stat_activity a WHERE a.usesysid = r.oid) "
      "END) AS "
      "free_connections FROM pg_roles r WHERE r.rolname = current_user");
}

std::string databases_sql(int version_num) {
  std::string locale = "'c' AS provider, NULL AS locale, NULL AS rules";
  if (version_num >= 170000)
    locale = "d.datlocprovider AS provider, d.datlocale AS locale, d.daticurules AS rules";
  else if (version_num >= 160000)
    locale = "d.datlocprovider AS provider, d.daticulocale AS locale, d.daticurules AS rules";
  else if (version_num >= 150000)
    locale = "d.datlocprovider AS provider, d.daticulocale AS locale, NULL AS rules";
  return as_json(
      "SELECT d.datname::text AS name, (SELECT r.rolname::text FROM pg_roles "
      "r WHERE r.oid = d.datdba) AS owner, CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN "
      "pg_database_size(d.oid) ELSE -1 END AS bytes, pg_encoding_to_char(d.encoding)::text AS encoding, "
      "d.datcollate::text AS collate, d.datctype::text AS ctype, " +
      locale +
      ", d.datallowconn AND d.datconnlimit <> -2 AND has_database_privilege(d.oid, 'CONNECT') AS "
      "may_connect, "
      "d.datistemplate AS template FROM pg_database d WHERE d.datname <> 'template0' ORDER BY "
      "d.datname::text "
      "COLLATE \"C\"");
}

// From 16 on being a member does not mean that objects may be given to the role.
std::string roles_sql(int version_num) {
  return as_json(
      fmt::format("SELECT rolname::text AS name, pg_has_role(oid, '{}') AS assumable FROM pg_roles WHERE "
                  "rolname NOT LIKE "
                  "'pg\\_%' ORDER BY 1",
                  version_num >= 160000 ? "SET" : "MEMBER"));
}

std::string tablespaces_sql() {
  return as_json(
      "SELECT spcname::text AS name FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') "
      "ORDER BY 1");
}

// Up to 12 only a superuser creates extensions that say so; from 13 on trusted ones are for everybody.
std::string extensions_sql(int version_num) {
  return as_json(fmt::format(
      "SELECT e.name::text AS name, coalesce((SELECT bool_or(NOT v.superuser{}) FROM "
      "pg_available_extension_versions v WHERE v.name = e.name AND v.version = e.default_version), false) OR "
      "(SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) AS creatable FROM "
      "pg_available_extensions e ORDER BY 1",
      version_num >= 130000 ? " OR v.trusted" : ""));
}

std::string contents_sql(const Schemas& schemas) {
  const std::string tables =
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + user_schema(schemas);
  return as_json(
      "SELECT (SELECT count(*) " + tables +
      " AND c.relkind IN ('r', 'p')) AS tables, (SELECT "
      "coalesce(sum(greatest(c.reltuples, 0)), 0)::int8 " +
      tables +
      " AND c.relkind = 'r') AS rows, (SELECT count(*) "
      "FROM pg_largeobject_metadata) AS large_objects, ARRAY(SELECT extname::text FROM pg_extension WHERE "
      "extname <> "
      "'plpgsql' ORDER BY extname::text COLLATE \"C\") AS extensions, ARRAY(SELECT extversion FROM "
      "pg_extension WHERE "
      "extname <> 'plpgsql' ORDER BY extname::text COLLATE \"C\") AS versions, ARRAY(SELECT DISTINCT "
      "s.spcname::text "
      "FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE s.spcname <> 'pg_global' ORDER "
      "BY 1) AS "
      "tablespaces, ARRAY(SELECT evtname::text FROM pg_event_trigger ORDER BY 1) AS event_triggers, "
      "ARRAY(SELECT "
      "s.subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = "
      "current_database() ORDER BY 1) AS "
      "subscriptions, ARRAY(SELECT pubname::text FROM pg_publication ORDER BY 1) AS publications, "
      "ARRAY(SELECT "
      "DISTINCT coalesce(a.usename::text, '?') || CASE WHEN a.backend_type IS NULL THEN '' ELSE ' from ' || "
      "coalesce(host(a.client_addr), 'a socket') END || CASE WHEN "
      "a.application_name <> '' THEN ' (' || a.application_name || ')' ELSE '' END FROM pg_stat_activity a "
      "WHERE "
      "a.datname = current_database() AND a.pid <> pg_backend_pid() AND coalesce(a.backend_type, 'client "
      "backend') = "
      "'client backend' AND a.application_name <> 'pgupgrade' ORDER BY 1) AS clients, (SELECT count(*) FROM "
      "pg_prepared_xacts p WHERE p.database = current_database()) AS prepared, (SELECT count(*) FROM "
      "pg_user_mappings) AS user_mappings");
}

// Of what pg_dump reads: rows of tables, values of sequences, and what is behind policies of row security.
std::string unreadable_sql(const Schemas& schemas) {
  const std::string no_schema = schemas.empty() ? "" : "false AND ";  // large objects are in none
  return as_json(std::string("SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || "
                             "quote_ident(n.nspname::text) || "
                             "'.' || quote_ident(c.relname::text) || CASE WHEN NOT "
                             "has_schema_privilege(n.oid, 'USAGE') THEN ' (no USAGE on "
                             "its schema)' WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN ' (no SELECT)' "
                             "ELSE ' (a row security policy "
                             "hides rows)' END AS what FROM pg_class c JOIN pg_namespace n ON n.oid = "
                             "c.relnamespace WHERE c.relkind IN ('r', "
                             "'p', 'S') AND ") +
                 user_schema(schemas) + " AND " + no_member("pg_class", "c.oid") +
                 " AND (NOT has_schema_privilege("
                 "n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT') OR (c.relrowsecurity AND NOT "
                 "(SELECT r.rolbypassrls "
                 "OR r.rolsuper OR (pg_has_role(c.relowner, 'USAGE') AND NOT c.relforcerowsecurity) FROM "
                 "pg_roles r WHERE "
                 "r.rolname = current_user))) UNION ALL SELECT 'large object ' || m.oid || ' (it is ' || "
                 "m.lomowner::regrole::text "
                 "|| '''s)' FROM pg_largeobject_metadata m WHERE " +
                 no_schema +
                 "NOT pg_has_role(m.lomowner, 'USAGE') AND NOT EXISTS (SELECT 1 "
                 "FROM aclexplode(m.lomacl) x WHERE x.privilege_type = 'SELECT' AND (x.grantee = 0 OR "
                 "pg_has_role(x.grantee, "
                 "'USAGE'))) ORDER BY 1");
}

// The bootstrap superuser's objects have no dependency on it, so owners are read from the catalogs
// themselves.
std::string roles_needed_sql(const Schemas& schemas) {
  std::string owners;
  const auto add = [&](const std::string& select) { owners += (owners.empty() ? "" : " UNION ") + select; };
  const auto in = [&](const std::string& column) {
    if (schemas.empty()) return std::string("true");
    return fmt::format("c.{} IN (SELECT n.oid FROM pg_namespace n WHERE {})", column, user_schema(schemas));
  };
  add(owners_in("pg_class", "relowner", "c.relkind NOT IN ('t', 'i', 'I') AND " + in("relnamespace")));
  add(owners_in("pg_proc", "proowner", in("pronamespace")));
  add(owners_in("pg_type", "typowner", "c.typrelid = 0 AND c.typelem = 0 AND " + in("typnamespace")));
  add(owners_in("pg_namespace", "nspowner", "c.nspname NOT LIKE 'pg\\_%' AND " + in("oid")));
  add(owners_in("pg_operator", "oprowner", in("oprnamespace")));
  add(owners_in("pg_opclass", "opcowner", in("opcnamespace")));
  add(owners_in("pg_opfamily", "opfowner", in("opfnamespace")));
  add(owners_in("pg_collation", "collowner", in("collnamespace")));
  add(owners_in("pg_conversion", "conowner", in("connamespace")));
  add(owners_in("pg_ts_config", "cfgowner", in("cfgnamespace")));
  add(owners_in("pg_ts_dict", "dictowner", in("dictnamespace")));
  add(owners_in("pg_statistic_ext", "stxowner", in("stxnamespace")));
  const std::string ask_roles = "SELECT DISTINCT x.why, r.rolname::text AS role FROM (";
  const std::string by_name =
      ") x JOIN pg_roles r ON r.oid = x.role WHERE r.rolname NOT LIKE 'pg\\_%' ORDER BY 1, 2";
  if (!schemas.empty()) return as_json(ask_roles + owners + by_name);
  add(owners_in("pg_foreign_data_wrapper", "fdwowner"));
  add(owners_in("pg_foreign_server", "srvowner"));
  add(owners_in("pg_publication", "pubowner"));
  add(owners_in("pg_event_trigger", "evtowner"));
  add(owners_in("pg_language", "lanowner"));
  add("SELECT 'owner', m.lomowner FROM pg_largeobject_metadata m");
  add("SELECT CASE s.deptype WHEN 'o' THEN 'owner' WHEN 'r' THEN 'policy' ELSE 'grantee' END, s.refobjid "
      "FROM "
      "pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('o', 'a', 'r') AND s.dbid "
      "= (SELECT "
      "d.oid FROM pg_database d WHERE d.datname = current_database()) AND NOT EXISTS (SELECT 1 FROM "
      "pg_depend e WHERE "
      "e.classid = s.classid AND e.objid = s.objid AND e.deptype = 'e')");
  return as_json(ask_roles + owners + by_name);
}

// Partitions that rows reach through their parent may be many streams' at once only one by one.
std::string largest_tables_sql(std::int64_t at_least_bytes, const Schemas& schemas) {
  return as_json(fmt::format(
      "SELECT n.nspname::text AS schema, c.relname::text AS name, pg_table_size(c.oid) AS bytes FROM "
      "pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND {} AND {} AND c.relpages >= 0 AND "
      "pg_table_size(c.oid) >= {} ORDER BY 3 DESC, 1, 2 LIMIT 200",
      user_schema(schemas), no_member("pg_class", "c.oid"), at_least_bytes));
}

// What is in the schemas, with its parts that are in none, and what each of that depends on elsewhere.
std::string needs_sql(const Schemas& schemas) {
  constexpr std::pair<const char*, const char*> kWithSchema[] = {
      {"pg_class", "relnamespace"},      {"pg_proc", "pronamespace"},
      {"pg_type", "typnamespace"},       {"pg_operator", "oprnamespace"},
      {"pg_opclass", "opcnamespace"},    {"pg_opfamily", "opfnamespace"},
      {"pg_collation", "collnamespace"}, {"pg_conversion", "connamespace"},
      {"pg_ts_config", "cfgnamespace"},  {"pg_ts_dict", "dictnamespace"},
      {"pg_ts_parser", "prsnamespace"},  {"pg_ts_template", "tmplnamespace"},
      {"pg_constraint", "connamespace"}, {"pg_statistic_ext", "stxnamespace"}};
  constexpr std::pair<const char*, const char*> kOfRelation[] = {
      {"pg_rewrite", "c.ev_class"},
      {"pg_attrdef", "c.adrelid"},
      {"pg_policy", "c.polrelid"},
      {"pg_trigger", "NOT c.tgisinternal AND c.tgrelid"}};
  std::string inside = "SELECT 'pg_namespace'::regclass::oid AS classid, n.oid AS objid FROM chosen n";
  for (const auto& [catalog, column] : kWithSchema)
    inside += fmt::format(
        " UNION ALL SELECT '{0}'::regclass, c.oid FROM {0} c WHERE c.{1} IN (SELECT oid FROM chosen)",
        catalog, column);
  for (const auto& [catalog, column] : kOfRelation)
    inside += fmt::format(
        " UNION ALL SELECT '{0}'::regclass, c.oid FROM {0} c WHERE {1} IN (SELECT r.oid FROM pg_class r "
        "WHERE "
        "r.relnamespace IN (SELECT oid FROM chosen))",
        catalog, column);
  return fmt::format(
      "WITH chosen AS (SELECT n.oid FROM pg_namespace n WHERE {}), members AS (SELECT classid, objid, "
      "refobjid AS "
      "extension FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'), inside AS "
      "(SELECT "
      "x.classid, x.objid FROM ({}) x WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = x.classid "
      "AND m.objid "
      "= x.objid)), needs AS (SELECT d.refclassid, d.refobjid, min(pg_describe_object(d.classid, d.objid, "
      "0)) AS by, "
      "min(CASE WHEN d.refclassid = 'pg_extension'::regclass THEN d.refobjid ELSE m.extension END) AS "
      "extension FROM "
      "inside i JOIN pg_depend d ON d.classid = i.classid AND d.objid = i.objid LEFT JOIN members m ON "
      "m.classid = "
      "d.refclassid AND m.objid = d.refobjid WHERE d.refobjid >= 16384 AND NOT EXISTS (SELECT 1 FROM inside "
      "o WHERE "
      "o.classid = d.refclassid AND o.objid = d.refobjid) GROUP BY 1, 2) {} UNION ALL {}",
      user_schema(schemas), inside,
      as_json("SELECT DISTINCT e.extname::text AS extension, e.extversion AS version, n.nspname::text AS "
              "schema FROM needs "
              "x JOIN pg_extension e ON e.oid = x.extension JOIN pg_namespace n ON n.oid = e.extnamespace "
              "WHERE e.extname "
              "<> 'plpgsql'"),
      as_json("SELECT pg_describe_object(x.refclassid, x.refobjid, 0) AS what, x.by FROM needs x WHERE "
              "x.extension IS NULL "
              "AND x.refclassid <> 'pg_constraint'::regclass ORDER BY 1"));
}

std::string destination_sql(const Schemas& schemas) {
  const std::string user = user_schema(schemas);
  const std::string relations = fmt::format(
      "SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN "
      "'sequence ' WHEN "
      "'f' THEN 'foreign table ' ELSE 'table ' END || quote_ident(n.nspname::text) || '.' || "
      "quote_ident(c.relname::text) AS what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE "
      "c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {} AND {}",
      user, no_member("pg_class", "c.oid"));
  const std::string functions = fmt::format(
      "SELECT 'function ' || c.oid::regprocedure::text FROM pg_proc c JOIN pg_namespace n ON n.oid = "
      "c.pronamespace "
      "WHERE {} AND {}",
      user, no_member("pg_proc", "c.oid"));
  const std::string types = fmt::format(
      "SELECT 'type ' || c.oid::regtype::text FROM pg_type c JOIN pg_namespace n ON n.oid = c.typnamespace "
      "WHERE "
      "c.typrelid = 0 AND c.typelem = 0 AND {} AND {}",
      user, no_member("pg_type", "c.oid"));
  const std::string others = fmt::format(
      "SELECT 'schema ' || quote_ident(n.nspname::text) FROM pg_namespace n WHERE {} AND n.nspname <> "
      "'public' AND {}",
      user, no_member("pg_namespace", "n.oid"));
  return as_json(
      "SELECT has_database_privilege(current_database(), 'CREATE') AS may_create, coalesce((SELECT "
      "has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n WHERE n.nspname = 'public'), true) AS "
      "may_create_public, ARRAY(SELECT x.what FROM (" +
      relations + " UNION ALL " + functions + " UNION ALL " + types + " UNION ALL " + others +
      " UNION ALL SELECT 'large object ' || m.oid FROM pg_largeobject_metadata m" +
      (schemas.empty() ? "" : " WHERE false") +
      ") x ORDER BY 1 LIMIT 5) AS contents, pg_encoding_to_char((SELECT d.encoding FROM pg_database d WHERE "
      "d.datname = "
      "current_database()))::text AS encoding, coalesce((SELECT shobj_description(d.oid, 'pg_database') FROM "
      "pg_database d WHERE d.datname = current_database()), '') AS comment");
}

}  // namespace pgupgrade::migrate
