#include "postgres/fingerprint_sql.hpp"

#include <fmt/format.h>

#include "pgupgrade/model/fingerprint.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

std::string sql_literal(const std::string& text) {
  std::string literal = "'";
  for (const char c : text) literal += c == '\'' ? std::string("''") : std::string(1, c);
  return literal + "'";
}

// Type and form of each; never none.
std::string values_of(const Forms& forms) {
  std::string values = "(0::oid, '')";
  for (const auto& [type, form] : forms) values += ",\n  (" + type + ", " + sql_literal(form) + ")";
  return values;
}

// Leaf partitions below a hash partitioned table, and the topmost such. 10 has none.
std::string hashed_partitions(int version_num) {
  if (version_num < 110000) return "SELECT NULL::oid, NULL::text, NULL::text WHERE false";
  return R"(SELECT DISTINCT ON (up.leaf) up.leaf, pn.nspname::text, pc.relname::text
  FROM up JOIN pg_partitioned_table p ON p.partrelid = up.relid AND p.partstrat = 'h'
  JOIN pg_class pc ON pc.oid = p.partrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace
  ORDER BY up.leaf, up.height DESC)";
}

}  // namespace

std::string fingerprint_databases_sql() {
  return "SELECT d.datname::text, d.datallowconn::text FROM pg_database d WHERE d.datname <> 'template0' AND "
         "d.datconnlimit <> -2 ORDER BY 1";
}

std::string tables_sql(const RowHash& hash, const Forms& forms, int version_num) {
  // Columns go by name: the order of inherited ones may change. What is computed has a digest a column, and
  // all else one under an empty name. A text that was declared to be short is as fast without a hash of its
  // own.
  return fmt::format(
      R"(WITH RECURSIVE types(type, form) AS (VALUES {types}
), forms AS (
  SELECT a.attrelid, a.attname::text AS name, a.attnum, {generated} AS generated,
    CASE WHEN a.atttypid IN (1042::oid, 1043::oid) AND a.atttypmod BETWEEN 4 AND 1004 OR types.form IS NULL
      THEN quoted.name ELSE replace(types.form, '{value}', quoted.name) END AS form
  FROM pg_attribute a
  CROSS JOIN LATERAL (SELECT '"' || replace(a.attname::text, '"', '""') || '"') quoted(name)
  LEFT JOIN types ON types.type = a.atttypid
  WHERE a.attnum > 0 AND NOT a.attisdropped
), columns AS (
  SELECT f.attrelid, string_agg(f.form, ', ' ORDER BY f.name COLLATE "C") FILTER (WHERE f.generated <> 'v') AS list,
    CASE WHEN bool_or(f.generated = 's') THEN
      ', ''''::pg_catalog.text, coalesce(pg_catalog.sum(g0)::pg_catalog.text, ''0'')' END ||
    string_agg(format(', %L::pg_catalog.text, coalesce(pg_catalog.sum(g%s)::pg_catalog.text, ''0'')', f.name, f.attnum),
      '' ORDER BY f.attnum) FILTER (WHERE f.generated = 's') AS digests,
    CASE WHEN bool_or(f.generated = 's') THEN format(', %s AS g0', replace({row}, '{value}', coalesce(
      string_agg(f.form, ', ' ORDER BY f.name COLLATE "C") FILTER (WHERE f.generated = ''), ''))) END ||
    string_agg(format(', %s AS g%s', replace({row}, '{value}', f.form), f.attnum),
      '' ORDER BY f.attnum) FILTER (WHERE f.generated = 's') AS hashes
  FROM forms f GROUP BY f.attrelid
), members AS (
  SELECT m.objid FROM ({members}) m WHERE m.classid = 'pg_class'::regclass
), configs AS (
  SELECT u.config, u.condition FROM pg_extension e, LATERAL unnest(e.extconfig, e.extcondition) u(config, condition)
), up(leaf, relid, height) AS (
  SELECT i.inhrelid, i.inhparent, 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE c.relispartition AND c.relkind = 'r'
  UNION ALL SELECT up.leaf, i.inhparent, up.height + 1 FROM up JOIN pg_inherits i ON i.inhrelid = up.relid
), hashed(leaf, schema, name) AS (
  {hashed}
)
SELECT n.nspname::text, c.relname::text, c.relkind::text, c.relispopulated::text, c.relpages::text,
  (members.objid IS NOT NULL)::text, (configs.config IS NOT NULL)::text,
  concat('SELECT pg_catalog.count(*)::pg_catalog.text, coalesce(pg_catalog.sum(h)::pg_catalog.text, ''0'')',
    columns.digests, ' FROM (SELECT ', replace({row}, '{value}', coalesce(columns.list, '')), ' AS h', columns.hashes,
    ' FROM ', CASE WHEN c.relkind = 'r' THEN 'ONLY ' END, quote_ident(n.nspname::text), '.',
    quote_ident(c.relname::text), ' ' || configs.condition, ') rows'),
  hashed.schema, hashed.name
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN columns ON columns.attrelid = c.oid
LEFT JOIN members ON members.objid = c.oid
LEFT JOIN configs ON configs.config = c.oid
LEFT JOIN hashed ON hashed.leaf = c.oid
WHERE c.relkind IN ('r', 'm') AND {user})",
      fmt::arg("types", values_of(forms)), fmt::arg("members", extension_members()),
      fmt::arg("generated", version_num >= 120000 ? "a.attgenerated::text" : "''::text"),
      fmt::arg("value", kValue), fmt::arg("hashed", hashed_partitions(version_num)),
      fmt::arg("row", sql_literal(hash_of_row(hash, kValue))), fmt::arg("user", user_schema("n")));
}

std::string sequences_sql() {
  return "SELECT n.nspname::text, c.relname::text, " +
         facts({type_name("s.seqtypid"), fact("start", "s.seqstart::text"),
                fact("increment", "s.seqincrement::text"), fact("minimum", "s.seqmin::text"),
                fact("maximum", "s.seqmax::text"), fact("cache", "s.seqcache::text"),
                flag("cycle", "s.seqcycle"),
                fact("owned by", "SELECT " + relation_name("o.refobjid") +
                                     " || '.' || a.attname FROM pg_depend o JOIN pg_attribute a ON "
                                     "a.attrelid = o.refobjid AND "
                                     "a.attnum = o.refobjsubid WHERE o.classid = 'pg_class'::regclass AND "
                                     "o.objid = c.oid AND "
                                     "o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')")}) +
         ", 'SELECT last_value::text || CASE WHEN is_called THEN '' called'' ELSE '''' END FROM ' || "
         "quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_sequence s JOIN pg_class c ON "
         "c.oid = "
         "s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " +
         user_schema("n") + " AND (" + not_in_extension("pg_class", "c.oid") +
         " OR EXISTS (SELECT 1 FROM pg_extension e WHERE c.oid = ANY (e.extconfig))) ORDER BY 1, 2";
}

std::string large_objects_count_sql() {
  return "SELECT count(*)::text FROM pg_largeobject_metadata";
}

std::string large_objects_hash_sql(const RowHash& hash) {
  const std::string page = hash_of(hash, "concat_ws(' ', p.loid, p.pageno, p.hex)");
  const std::string length = hash_of(hash, "concat_ws(' ', p.loid, max(p.pageno::int8 * 2048 + p.bytes))");
  const std::string object = hash_of(hash, "concat_ws(' ', m.oid, " + role_name("m.lomowner") + ", " +
                                               grants("m.lomacl", 'L', "m.lomowner") + ")");
  // Hex digits of whole bytes: what is left without the zeros at the end is still unambiguous.
  const std::string pages =
      "(SELECT loid, pageno, octet_length(data) AS bytes, rtrim(encode(data, 'hex'), '0') AS hex FROM "
      "pg_largeobject) p";
  return "SELECT concat((SELECT coalesce(sum(" + page + "), 0) FROM " + pages +
         " WHERE p.hex <> ''), ' ', (SELECT coalesce(sum(l.h), 0) FROM (SELECT " + length + " AS h FROM " +
         pages + " GROUP BY p.loid) l), ' ', (SELECT coalesce(sum(" + object +
         "), 0) FROM pg_largeobject_metadata m))";
}

std::string large_objects_one_by_one_sql(const RowHash& hash) {
  const std::string content = hash_of(hash, "concat_ws(' ', m.oid, md5(lo_get(m.oid)))");
  const std::string object = hash_of(hash, "concat_ws(' ', m.oid, " + role_name("m.lomowner") + ", " +
                                               grants("m.lomacl", 'L', "m.lomowner") + ")");
  return "SELECT concat('one by one ', coalesce(sum(" + content + "), 0), ' ', coalesce(sum(" + object +
         "), 0)) FROM pg_largeobject_metadata m";
}

}  // namespace pgupgrade::postgres
