#include "postgres/fingerprint_sql.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

// "hashtextextended(<text> COLLATE "C", 0)", or hashtext on 10.
std::string hash_of(const std::string& row_hash, const std::string& text) {
  if (row_hash == "hashtextextended") return "hashtextextended(" + text + " COLLATE \"C\", 0)";
  if (row_hash == "hashtext") return "hashtext(" + text + " COLLATE \"C\")";
  throw Error(ErrorKind::internal, "E-INTERNAL", "unknown row hash \"" + printable(row_hash) + "\"");
}

// Types whose text depends on the version, by oid, and the function that gives their binary form: floating
// point and geometry (before 12 their text is not exact), "char" (from 16 on high bytes are escaped).
constexpr const char* kBinaryForms =
    "(700, 'float4send'), (701, 'float8send'), (600, 'point_send'), (601, 'lseg_send'), (602, 'path_send'), "
    "(603, 'box_send'), (604, 'poly_send'), (628, 'line_send'), (718, 'circle_send'), (18, 'charsend'), "
    "(1021, 'array_send'), (1022, 'array_send'), (1017, 'array_send'), (1018, 'array_send'), "
    "(1019, 'array_send'), (1020, 'array_send'), (1027, 'array_send'), (629, 'array_send'), "
    "(719, 'array_send'), (1002, 'array_send')";

}  // namespace

std::string fingerprint_databases_sql() {
  return "SELECT d.datname::text, d.datallowconn::text FROM pg_database d WHERE d.datname <> 'template0' AND "
         "d.datconnlimit <> -2 ORDER BY 1";
}

std::string tables_sql(const std::string& row_hash, int version_num) {
  // Columns go by name: the order of inherited ones may change. A domain is looked at as its base type.
  const std::string hash = hash_of(row_hash, "ROW(' || columns.list || ')::text");
  return fmt::format(
      R"(WITH RECURSIVE domains(domain, base) AS (
  SELECT oid, typbasetype FROM pg_type WHERE typtype = 'd'
  UNION ALL
  SELECT d.domain, t.typbasetype FROM domains d JOIN pg_type t ON t.oid = d.base AND t.typtype = 'd'
), bases AS (
  SELECT d.domain, d.base FROM domains d JOIN pg_type t ON t.oid = d.base AND t.typtype <> 'd'
), binary_forms(type, send) AS (VALUES {forms}
), members AS (
  SELECT objid, refobjid FROM pg_depend WHERE classid = 'pg_class'::regclass
    AND refclassid = 'pg_extension'::regclass AND deptype = 'e'
), configs AS (
  SELECT u.config, u.condition FROM pg_extension e, LATERAL unnest(e.extconfig, e.extcondition) u(config, condition)
)
SELECT n.nspname::text, c.relname::text, c.relkind::text, c.relispopulated::text, c.relpages::text,
  (members.objid IS NOT NULL)::text, (configs.config IS NOT NULL)::text,
  'SELECT {hash} AS h FROM ' || CASE WHEN c.relkind = 'r' THEN 'ONLY ' ELSE '' END || quote_ident(n.nspname)
    || '.' || quote_ident(c.relname) || ' ' || coalesce(configs.condition, '')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN members ON members.objid = c.oid
LEFT JOIN configs ON configs.config = c.oid
CROSS JOIN LATERAL (
  SELECT coalesce(string_agg(CASE WHEN f.send IS NULL THEN quote_ident(a.attname)
      ELSE f.send || '(' || quote_ident(a.attname) || ')' END, ', ' ORDER BY a.attname::text COLLATE "C"), '') AS list
  FROM pg_attribute a
  LEFT JOIN bases b ON b.domain = a.atttypid
  LEFT JOIN binary_forms f ON f.type = coalesce(b.base, a.atttypid)
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped{stored}
) columns
WHERE c.relkind IN ('r', 'm') AND {user})",
      fmt::arg("forms", kBinaryForms),
      fmt::arg("stored", version_num >= 120000 ? " AND a.attgenerated = ''" : ""), fmt::arg("hash", hash),
      fmt::arg("user", user_schema("n")));
}

std::string table_hash_sql(const std::string& hashes) {
  return "SELECT count(*)::text, coalesce(sum(h), 0)::text FROM (" + hashes + ") rows";
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

std::string large_objects_hash_sql(const std::string& row_hash) {
  const std::string page = hash_of(row_hash, "(p.loid || ' ' || p.pageno || ' ' || p.hex)");
  const std::string length = hash_of(row_hash, "(p.loid || ' ' || max(p.pageno::int8 * 2048 + p.bytes))");
  const std::string object = hash_of(row_hash, "(m.oid || ' ' || " + role_name("m.lomowner") + " || ' ' || " +
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

}  // namespace pgupgrade::postgres
