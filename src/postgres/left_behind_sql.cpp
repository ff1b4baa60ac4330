#include "postgres/left_behind_sql.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

constexpr int kKeysShown = 3;

std::string as_json(const std::string& select) {
  return "SELECT row_to_json(answer)::text FROM (" + select + ") answer";
}

// Types that users make: not those that come with a table, an element type or a range.
constexpr const char* kOwnType =
    "NOT EXISTS (SELECT 1 FROM pg_class rc WHERE rc.oid = o.typrelid AND rc.relkind <> 'c') AND o.typtype <> "
    "'m' "
    "AND NOT (o.typelem <> 0 AND EXISTS (SELECT 1 FROM pg_type el WHERE el.oid = o.typelem AND el.typarray = "
    "o.oid))";

// A sequence of a column follows its table.
constexpr const char* kOwnRelation =
    "(o.relkind IN ('r', 'p', 'v', 'm', 'f') OR (o.relkind = 'S' AND NOT EXISTS (SELECT 1 FROM pg_depend d "
    "WHERE "
    "d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass AND "
    "d.deptype "
    "IN ('a', 'i'))))";

// Objects of one catalog that somebody has put into the schemas of the system. information_schema may have
// been made again by its script, as release notes advise: its last view is user_mappings.
std::string in_system_schemas(const std::string& catalog, const std::string& schema_column,
                              const std::string& condition) {
  return fmt::format(
      "SELECT '{0}'::regclass AS catalog, o.oid AS object FROM {0} o JOIN pg_namespace n ON n.oid = o.{1} "
      "WHERE "
      "n.nspname IN ('pg_catalog', 'information_schema') AND o.oid >= 16384 AND (n.nspname = 'pg_catalog' OR "
      "o.oid > "
      "coalesce(to_regclass('information_schema.user_mappings')::oid, 0)) AND {2} AND {3}",
      catalog, schema_column, not_in_extension(catalog, "o.oid"), condition);
}

// What pg_import_system_collations() makes: named after the locale, with or without its encoding, or after
// ICU's.
constexpr const char* kOwnCollation =
    "NOT (o.collname::text LIKE '%-x-icu' OR (o.collprovider = 'c' AND regexp_replace(o.collname::text, "
    "'[.][^@]*', '') = regexp_replace(o.collcollate::text, '[.][^@]*', '')))";

std::string catalog_objects_sql(int version_num) {
  const std::string any = "true";
  std::string objects = in_system_schemas("pg_class", "relnamespace", kOwnRelation);
  const auto add = [&](const std::string& catalog, const std::string& schema_column,
                       const std::string& condition) {
    objects += " UNION ALL " + in_system_schemas(catalog, schema_column, condition);
  };
  // A range brings its constructors, from 14 on also the type of its multirange.
  add("pg_proc", "pronamespace",
      "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = o.oid AND "
      "d.deptype = 'i')");
  add("pg_type", "typnamespace", kOwnType);
  add("pg_operator", "oprnamespace", any);
  add("pg_opclass", "opcnamespace", any);
  add("pg_opfamily", "opfnamespace", any);
  add("pg_collation", "collnamespace", version_num >= 100000 ? std::string(kOwnCollation) : any);
  add("pg_conversion", "connamespace", any);
  add("pg_ts_config", "cfgnamespace", any);
  add("pg_ts_dict", "dictnamespace", any);
  add("pg_ts_parser", "prsnamespace", any);
  add("pg_ts_template", "tmplnamespace", any);
  add("pg_statistic_ext", "stxnamespace", any);
  // An index on a table of the system can only be dropped.
  const std::string indexes =
      "SELECT i.type || ' ' || i.identity AS object, 'DROP INDEX ' || i.identity AS cure FROM pg_index x, "
      "LATERAL "
      "pg_identify_object('pg_class'::regclass, x.indexrelid, 0) i WHERE x.indexrelid >= 16384 AND "
      "x.indrelid < 16384";
  return (
      "SELECT i.type || ' ' || i.identity AS object, 'ALTER ' || upper(i.type) || ' ' || i.identity || "
      "' SET SCHEMA public' AS cure FROM (" +
      objects + ") o, LATERAL pg_identify_object(o.catalog, o.object, 0) i UNION ALL " + indexes +
      " ORDER BY 1");
}

std::string ownerless_sql() {
  std::string owned;
  const auto add = [&](const std::string& catalog, const std::string& from, const std::string& owner,
                       const std::string& condition) {
    owned += fmt::format(
        "{}SELECT '{}'::regclass AS catalog, o.oid AS object, 0 AS part, o.{} AS owner, true AS "
        "owns FROM {} o WHERE {}",
        owned.empty() ? "" : " UNION ALL ", catalog, owner, from, condition);
  };
  add("pg_class", "pg_class", "relowner", kOwnRelation);
  add("pg_proc", "pg_proc", "proowner", "true");
  add("pg_type", "pg_type", "typowner", kOwnType);
  add("pg_namespace", "pg_namespace", "nspowner", "o.nspname !~ '^pg_(toast_)?temp_'");
  add("pg_largeobject", "pg_largeobject_metadata", "lomowner", "true");
  add("pg_database", "pg_database", "datdba", "o.datname = current_database()");
  add("pg_operator", "pg_operator", "oprowner", "true");
  add("pg_opclass", "pg_opclass", "opcowner", "true");
  add("pg_opfamily", "pg_opfamily", "opfowner", "true");
  add("pg_collation", "pg_collation", "collowner", "true");
  add("pg_conversion", "pg_conversion", "conowner", "true");
  add("pg_language", "pg_language", "lanowner", "true");
  add("pg_foreign_data_wrapper", "pg_foreign_data_wrapper", "fdwowner", "true");
  add("pg_foreign_server", "pg_foreign_server", "srvowner", "true");
  add("pg_event_trigger", "pg_event_trigger", "evtowner", "true");
  add("pg_publication", "pg_publication", "pubowner", "true");
  add("pg_statistic_ext", "pg_statistic_ext", "stxowner", "true");
  add("pg_ts_config", "pg_ts_config", "cfgowner", "true");
  add("pg_ts_dict", "pg_ts_dict", "dictowner", "true");
  // Privileges and policies. A row here may outlive its object.
  owned +=
      " UNION ALL SELECT s.classid, s.objid, s.objsubid, s.refobjid, false FROM pg_shdepend s WHERE "
      "s.refclassid = "
      "'pg_authid'::regclass AND s.deptype IN ('a', 'r') AND s.dbid = (SELECT d.oid FROM pg_database d WHERE "
      "d.datname "
      "= current_database()) AND ((s.classid = 'pg_class'::regclass AND EXISTS (SELECT 1 FROM pg_class x "
      "WHERE x.oid = "
      "s.objid)) OR (s.classid = 'pg_proc'::regclass AND EXISTS (SELECT 1 FROM pg_proc x WHERE x.oid = "
      "s.objid)) OR "
      "(s.classid = 'pg_type'::regclass AND EXISTS (SELECT 1 FROM pg_type x WHERE x.oid = s.objid)) OR "
      "(s.classid = "
      "'pg_namespace'::regclass AND EXISTS (SELECT 1 FROM pg_namespace x WHERE x.oid = s.objid)) OR "
      "(s.classid = "
      "'pg_policy'::regclass AND EXISTS (SELECT 1 FROM pg_policy x WHERE x.oid = s.objid)))";
  const std::string unknown = "NOT EXISTS (SELECT 1 FROM pg_roles r WHERE r.oid = ";
  // Only a role can be revoked from: the one that is gone comes back for that moment.
  const std::string drop_owned =
      "'CREATE ROLE gone; UPDATE pg_catalog.pg_authid SET oid = ' || o.owner || ' WHERE rolname = ''gone''; "
      "DROP OWNED "
      "BY gone; DROP ROLE gone'";
  return (
      "SELECT i.type || ' ' || i.identity || CASE WHEN o.owns THEN ' (owner ' ELSE ' (granted to ' END || "
      "o.owner || ')' AS object, CASE WHEN o.owns THEN 'ALTER ' || upper(i.type) || ' ' || i.identity || ' "
      "OWNER TO CURRENT_USER' ELSE " +
      drop_owned + " END AS cure FROM (" + owned +
      ") o, LATERAL pg_identify_object(o.catalog, o.object, o.part) i WHERE " + unknown +
      "o.owner) UNION ALL SELECT 'default privileges (owner ' || o.defaclrole || ')', 'DELETE FROM "
      "pg_catalog.pg_default_acl WHERE defaclrole = ' || o.defaclrole FROM pg_default_acl o WHERE " +
      unknown + "o.defaclrole) ORDER BY 1");
}

std::string invalid_indexes_sql() {
  return (
      "SELECT i.identity || ' of table ' || t.identity AS object, 'REINDEX INDEX ' || i.identity || ', or "
      "DROP INDEX ' "
      "|| i.identity AS cure FROM pg_index x JOIN pg_class tc ON tc.oid = x.indrelid JOIN pg_namespace n ON "
      "n.oid = "
      "tc.relnamespace, LATERAL pg_identify_object('pg_class'::regclass, x.indexrelid, 0) i, LATERAL "
      "pg_identify_object('pg_class'::regclass, x.indrelid, 0) t WHERE NOT x.indisvalid AND tc.relkind <> "
      "'p' AND " +
      user_schema("n") + " AND " + not_in_extension("pg_class", "x.indrelid") + " ORDER BY 1");
}

// ALTER TABLE … DISABLE TRIGGER ALL switches foreign keys (and deferrable ones of other kinds) off as well.
// Their triggers have other names in each cluster, so no statement but one on the catalog names them. Nor has
// the constraint the same name everywhere that the server made for a partition.
std::string key_states_sql(int version_num) {
  const std::string name = "format(' AND k.conname = %L', k.conname)";
  const std::string which = version_num < 110000
                                ? name
                                : "CASE WHEN k.conparentid = 0 THEN " + name +
                                      " ELSE format(' AND k.conparentid <> 0 AND k.confrelid = "
                                      "pg_catalog.to_regclass(%L)', r.identity) END";
  const auto identity = [](const std::string& oid, const std::string& alias) {
    return ", LATERAL pg_identify_object('pg_class'::regclass, " + oid + ", 0) " + alias;
  };
  return "SELECT concat(i.type, ' ', i.identity, ' (', CASE s.state WHEN 'D' THEN 'disabled' WHEN 'R' THEN "
         "'enabled "
         "as replica' ELSE 'enabled always' END, ' on ', t.identity, ')') AS object, format('UPDATE "
         "pg_catalog.pg_trigger g SET tgenabled = %L FROM pg_catalog.pg_constraint k, pg_catalog.pg_proc p "
         "WHERE k.oid "
         "= g.tgconstraint AND p.oid = g.tgfoid AND g.tgisinternal AND p.proname = ANY (%L) AND g.tgrelid = "
         "pg_catalog.to_regclass(%L) AND k.conrelid = pg_catalog.to_regclass(%L)', s.state, s.functions, "
         "t.identity, "
         "c.identity) || " +
         which +
         " AS cure FROM (SELECT g.tgconstraint, g.tgrelid, g.tgenabled AS state, array_agg(DISTINCT "
         "p.proname::text) "
         "AS functions FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid WHERE g.tgisinternal AND "
         "g.tgconstraint <> "
         "0 AND g.tgenabled <> 'O' GROUP BY 1, 2, 3) s JOIN pg_constraint k ON k.oid = s.tgconstraint, "
         "LATERAL "
         "pg_identify_object('pg_constraint'::regclass, k.oid, 0) i" +
         identity("s.tgrelid", "t") + identity("k.conrelid", "c") + identity("k.confrelid", "r") +
         " ORDER BY 1, 2";
}

// Values are compared as text, which each type has and a user sees.
std::string generated_tables_sql() {
  const std::string columns =
      "SELECT c.oid, array_agg(a.attname::text ORDER BY a.attnum) AS "
      "columns, "
      "array_agg(quote_ident(a.attname) || '::text IS DISTINCT FROM (' || pg_get_expr(d.adbin, d.adrelid) || "
      "')::' || format_type(a.atttypid, a.atttypmod) || '::text' ORDER BY a.attnum) AS changed FROM "
      "pg_attribute a JOIN "
      "pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum JOIN pg_class c ON c.oid = a.attrelid "
      "JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE a.attgenerated = 's' AND NOT a.attisdropped AND "
      "c.relkind = 'r' "
      "AND " +
      user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid") + " GROUP BY c.oid";
  const std::string whole =
      "(SELECT wn.nspname || '.' || w.relname FROM pg_partition_ancestors(c.oid) WITH ORDINALITY a(relid, "
      "height) JOIN "
      "pg_partitioned_table p ON p.partrelid = a.relid AND p.partstrat = 'h' JOIN pg_class w ON w.oid = "
      "a.relid JOIN "
      "pg_namespace wn ON wn.oid = w.relnamespace ORDER BY a.height DESC LIMIT 1) AS whole, ";
  return (
      "SELECT quote_ident(r.rolname) AS owner, n.nspname::text AS schema, c.relname::text AS table, " +
      whole +
      "'ONLY ' "
      "|| quote_ident(n.nspname) || '.' || "
      "quote_ident(c.relname) AS target, " +
      row_key("c.oid") + " AS key, g.columns, g.changed FROM (" + columns +
      ") g JOIN pg_class c ON c.oid = g.oid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r "
      "ON r.oid = c.relowner ORDER BY c.relpages, 2, 3");
}

std::string oid_columns_sql() {
  return (
      "SELECT n.nspname || '.' || c.relname || '.' || a.attname AS column, 'ONLY ' || quote_ident(n.nspname) "
      "|| '.' || "
      "quote_ident(c.relname) AS target, quote_ident(a.attname) AS name, t.typname AS type, "
      "a.attnotnull::text AS required FROM pg_attribute "
      "a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t "
      "ON t.oid = a.atttypid WHERE t.typnamespace = 'pg_catalog'::regnamespace AND (t.typname = 'oid' OR "
      "t.typname LIKE 'reg%') AND "
      "a.attnum > 0 AND "
      "NOT a.attisdropped AND c.relkind = 'r' AND " +
      user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid") + " ORDER BY c.relpages, 1");
}

// Of a partition the dump writes the columns as they are, and attaches it.
std::string column_orders_sql(int version_num) {
  const std::string partition = version_num >= 100000 ? " AND NOT c.relispartition" : "";
  return "WITH RECURSIVE child AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = "
         "c.relnamespace WHERE EXISTS (SELECT 1 FROM pg_inherits x WHERE x.inhrelid = c.oid) AND c.relkind "
         "IN "
         "('r', 'f')" +
         partition + " AND " + user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid") +
         "), tree AS (SELECT child.oid FROM child UNION SELECT x.inhparent FROM tree JOIN pg_inherits x ON "
         "x.inhrelid = tree.oid) SELECT tree.oid::text AS oid, i.identity, ARRAY(SELECT "
         "quote_ident(a.attname::text) FROM pg_attribute a WHERE a.attrelid = tree.oid AND a.attnum > 0 AND "
         "NOT a.attisdropped ORDER BY a.attnum) AS columns, ARRAY(SELECT x.inhparent::text FROM pg_inherits "
         "x "
         "WHERE x.inhrelid = tree.oid ORDER BY x.inhseqno) AS parents FROM tree, LATERAL "
         "pg_identify_object('pg_class'::regclass, tree.oid, 0) i";
}

std::string views_sql() {
  return "SELECT i.identity AS object, 'use --strategy warm, which keeps their rows' AS cure FROM pg_class c "
         "JOIN "
         "pg_namespace n ON n.oid = c.relnamespace, LATERAL pg_identify_object('pg_class'::regclass, c.oid, "
         "0) i WHERE "
         "c.relkind = 'm' AND c.relispopulated AND " +
         user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid") + " ORDER BY 1";
}

// A dump makes a range type, and the server its constructors, which belong to the first superuser and have
// no privileges of their own.
std::string constructors_sql() {
  // The owner's own come first, since others may have passed them on.
  const std::string grants_to =
      "(SELECT string_agg(concat(CASE WHEN x.grantor <> o.proowner THEN '; SET ROLE ' || "
      "quote_ident(pg_get_userbyid(x.grantor)) END, '; GRANT EXECUTE ON FUNCTION ', i.identity, ' TO ', CASE "
      "WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, CASE WHEN "
      "x.is_grantable AND x.grantee <> o.proowner THEN ' WITH GRANT OPTION' END, CASE WHEN x.grantor <> "
      "o.proowner THEN '; SET ROLE NONE' END), '' ORDER BY x.grantor <> o.proowner, x.grantor, x.grantee) "
      "FROM "
      "aclexplode(o.proacl) x)";
  return "SELECT 'function ' || i.identity AS object, concat_ws('; ', CASE WHEN o.proowner <> 10 THEN "
         "concat('ALTER FUNCTION ', i.identity, ' OWNER TO ', quote_ident(pg_get_userbyid(o.proowner))) END, "
         "CASE WHEN o.proacl IS NOT NULL THEN concat('REVOKE ALL ON FUNCTION ', i.identity, ' FROM PUBLIC, "
         "', "
         "quote_ident(pg_get_userbyid(o.proowner)), " +
         grants_to +
         ") END, CASE WHEN obj_description(o.oid, 'pg_proc') IS NOT NULL THEN concat('COMMENT ON FUNCTION ', "
         "i.identity, ' IS ', quote_literal(obj_description(o.oid, 'pg_proc'))) END) AS cure FROM pg_proc o "
         "JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = o.oid AND d.deptype = 'i' AND "
         "d.refclassid = 'pg_type'::regclass JOIN pg_namespace n ON n.oid = o.pronamespace, LATERAL "
         "pg_identify_object('pg_proc'::regclass, o.oid, 0) i WHERE (o.proowner <> 10 OR o.proacl IS NOT "
         "NULL "
         "OR obj_description(o.oid, 'pg_proc') IS NOT NULL) AND " +
         user_schema("n") + " AND " + not_in_extension("pg_proc", "o.oid") + " ORDER BY 1";
}

// What a server counts goes on in a copy of it, and starts anew in a cluster that initdb has made.
std::string counters_sql() {
  return "SELECT n.nspname || '.' || c.relname || '.' || a.attname AS object, t.typname AS cure FROM "
         "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
         "JOIN pg_type t ON t.oid = a.atttypid WHERE t.typnamespace = 'pg_catalog'::regnamespace AND "
         "t.typname "
         "IN ('pg_lsn', 'pg_snapshot', 'txid_snapshot', 'xid', 'xid8') AND a.attnum > 0 AND NOT "
         "a.attisdropped AND c.relkind = 'r' AND c.relpersistence = 'p' AND pg_relation_size(c.oid) > 0 "
         "AND " +
         user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid") + " ORDER BY 1";
}

std::string labelled(const std::string& what, const std::string& select) {
  return "SELECT json_build_object('what', '" + what + "', 'row', row_to_json(answer))::text FROM (" +
         select + ") answer";
}

}  // namespace

std::string left_behind_sql(int version_num) {
  std::string all =
      labelled(kCatalogObject, catalog_objects_sql(version_num)) + " UNION ALL " +
      labelled(kOwnerless, ownerless_sql()) + " UNION ALL " + labelled(kInvalidIndex, invalid_indexes_sql()) +
      " UNION ALL " + labelled(kKeyState, key_states_sql(version_num)) + " UNION ALL " +
      labelled(kColumnOrder, column_orders_sql(version_num)) + " UNION ALL " + labelled(kView, views_sql()) +
      " UNION ALL " + labelled(kConstructor, constructors_sql()) + " UNION ALL " +
      labelled(kCounter, counters_sql()) + " UNION ALL " + labelled(kOidColumn, oid_columns_sql());
  if (version_num >= 120000) all += " UNION ALL " + labelled(kGeneratedTable, generated_tables_sql());
  return all;
}

std::string count_rows_sql(const std::string& target, const std::vector<std::string>& conditions) {
  std::vector<std::string> counts;
  for (const std::string& condition : conditions)
    counts.push_back("count(*) FILTER (WHERE " + condition + ")");
  return as_json("SELECT ARRAY[" + join(counts, ", ") + "]::text[] AS counts FROM " + target);
}

// Such a type shows the name of an object, and the number where there is no such object.
std::string gone_objects_sql(const std::string& target, const std::string& name) {
  return as_json("SELECT count(*) FILTER (WHERE t." + name + "::text ~ '^[0-9]+$' AND t." + name +
                 "::oid <> 0) AS gone FROM " + target + " t");
}

std::string first_keys_sql(const std::string& target, const std::string& key, const std::string& condition) {
  return as_json(
      fmt::format("SELECT {} AS key FROM {} WHERE {} LIMIT {}", key, target, condition, kKeysShown));
}

// Below 16384 the oids are the same in each cluster. Those of large objects are carried over.
std::string oid_values_sql(const std::string& target, const std::string& name) {
  const auto count = [&](const std::string& type, const std::string& oids) {
    return fmt::format(
        "count(*) FILTER (WHERE t.{0} IN ({1}) AND t.{0} NOT IN (SELECT l.oid FROM pg_largeobject_metadata "
        "l)) AS {2}",
        name, oids, type);
  };
  const auto of = [](const std::string& catalog) {
    return "SELECT x.oid FROM " + catalog + " x WHERE x.oid >= 16384";
  };
  std::string others;
  for (const char* catalog :
       {"pg_database", "pg_operator", "pg_constraint", "pg_trigger", "pg_extension", "pg_policy",
        "pg_language", "pg_foreign_server", "pg_collation", "pg_ts_config", "pg_ts_dict"})
    others += (others.empty() ? "" : " UNION ALL ") + of(catalog);
  return as_json("SELECT " + count("regclass", of("pg_class")) + ", " + count("regproc", of("pg_proc")) +
                 ", " + count("regtype", of("pg_type")) + ", " + count("regnamespace", of("pg_namespace")) +
                 ", " + count("regrole", of("pg_authid")) + ", " + count("other", others) + " FROM " +
                 target + " t");
}

}  // namespace pgupgrade::postgres
