#include "postgres/row_rules_sql.hpp"

#include <fmt/format.h>

#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

constexpr const char* kOnlyTable = "'ONLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

// A wrong index must not say that all is well.
constexpr const char* kWithoutIndexes =
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = "
    "off; ";

// Users' functions run with the rights of the table's owner. That is no fence for one who means harm, so
// those of people who are no superusers are not called at all.
constexpr const char* kOwner = "quote_ident(r.rolname)";
constexpr const char* kNobody = "''";

std::string kind_of(const char* catalog, const std::string& object) {
  const auto made_by_others = [&](const std::string& of, const std::string& owner) {
    return "EXISTS (SELECT 1 FROM pg_depend d JOIN " + of +
           " made ON made.oid = d.refobjid JOIN pg_roles maker ON "
           "maker.oid = made." +
           owner + " WHERE d.classid = '" + catalog + "'::regclass AND d.objid = " + object +
           " AND d.refclassid = '" + of + "'::regclass AND made.oid >= 16384 AND NOT maker.rolsuper)";
  };
  return "CASE WHEN NOT r.rolsuper AND (" + made_by_others("pg_proc", "proowner") + " OR " +
         made_by_others("pg_operator", "oprowner") + ") THEN 'withheld' ELSE 'computed' END";
}

std::string rule(const std::string& kind, const std::string& name, const std::string& broken,
                 const std::string& from, const std::string& owner) {
  return "SELECT " + kind + " AS kind, " + name + " AS rule, " + owner + " AS owner, " + broken +
         " AS broken, c.relpages AS pages FROM " + from +
         " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner WHERE "
         "c.relkind = 'r' AND c.relpersistence <> 't' AND " +
         user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid");
}

std::string on_table(const std::string& name) {
  return "concat(" + name + ", ' on table ', c.oid::regclass)";
}

// Of the keys of an index: their expressions as k1, k2, …; "k1=… , k2=…" as one text; conditions.
struct IndexKeys {
  std::string source;  // "SELECT ctid AS place, … FROM ONLY … WHERE …"
  std::string shown;
  std::string not_null;
  std::string names;  // "k1, k2"
};

IndexKeys keys_of(const std::string& index) {
  const auto each = [&](const std::string& expression, const std::string& between) {
    return "(SELECT string_agg(" + expression + ", '" + between +
           "' ORDER BY s.k) FROM generate_series(1, x.indnkeyatts) s(k) LEFT JOIN pg_collation l ON l.oid = "
           "x.indcollation[s.k - 1] LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace)";
  };
  const std::string expression = "pg_get_indexdef(" + index + ", s.k, true)";
  return {
      .source = "'SELECT ctid AS place, ' || " +
                each("concat('(', " + expression +
                         ", ')', CASE WHEN l.oid IS NOT NULL THEN concat(' "
                         "COLLATE ', quote_ident(ln.nspname), '.', quote_ident(l.collname)) END, ' AS k', "
                         "s.k)",
                     ", ") +
                " || ' FROM ' || " + kOnlyTable +
                " || coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), '')",
      .shown =
          each("concat(quote_literal(" + expression + " || '='), ' || format(''%s'', k', s.k, ')')", ", "),
      .not_null = each("concat('k', s.k, ' IS NOT NULL')", " AND "),
      .names = each("concat('k', s.k)", ", ")};
}

std::string kind_of_index() {
  return "CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL THEN 'rows' ELSE " +
         kind_of("pg_class", "x.indexrelid") + " END";
}

std::string owner_of_index() {
  return "CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL THEN '' ELSE " + std::string(kOwner) + " END";
}

std::string unique_indexes(int version_num) {
  const IndexKeys keys = keys_of("x.indexrelid");
  const std::string distinct =
      version_num >= 150000
          ? "CASE WHEN NOT x.indnullsnotdistinct THEN ' WHERE ' || " + keys.not_null + " END"
          : "' WHERE ' || " + keys.not_null;
  const std::string broken = "concat('SELECT concat_ws('', '', ', " + keys.shown +
                             ", ') AS key, g.n - 1 AS surplus FROM (SELECT ', " + keys.names +
                             ", ', count(*) AS n FROM (', " + keys.source + ", ') i', " + distinct +
                             ", ' GROUP BY ', " + keys.names + ", ' HAVING count(*) > 1) g')";
  // Another operator class may tell more values apart than GROUP BY does.
  const std::string usual =
      " AND NOT EXISTS (SELECT 1 FROM generate_series(0, x.indnkeyatts - 1) s(k) JOIN pg_opclass oc ON "
      "oc.oid = "
      "x.indclass[s.k] WHERE NOT oc.opcdefault AND oc.opcname NOT LIKE '%pattern_ops')";
  return rule(
      kind_of_index(), on_table("'index ', quote_ident(ic.relname)"), broken,
      "pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class ic ON ic.oid = x.indexrelid AND "
      "x.indisunique AND x.indisvalid" +
          usual,
      owner_of_index());
}

std::string exclusions() {
  const IndexKeys keys = keys_of("x.indexrelid");
  const std::string meet =
      "(SELECT string_agg(concat(' AND a.k', u.k, ' OPERATOR(', quote_ident(pn.nspname), '.', p.oprname, ') "
      "b.k', u.k), '' ORDER BY u.k) FROM unnest(k.conexclop) WITH ORDINALITY u(op, k) JOIN pg_operator p ON "
      "p.oid = u.op JOIN pg_namespace pn ON pn.oid = p.oprnamespace)";
  const std::string broken = "concat('SELECT concat_ws('', '', ', " + keys.shown +
                             ", ') AS key, 1 AS surplus FROM (', " + keys.source +
                             ", ') a WHERE EXISTS (SELECT 1 FROM (', " + keys.source +
                             ", ') b WHERE a.place < b.place', " + meet + ", ')')";
  return rule(kind_of_index(), on_table("'constraint ', quote_ident(k.conname)"), broken,
              "pg_constraint k JOIN pg_class c ON c.oid = k.conrelid AND k.contype = 'x' JOIN pg_index x ON "
              "x.indexrelid = k.conindid",
              owner_of_index());
}

// The copies that stand for the partitions of the other table are not rules of their own. The other table may
// not be open to the owner of this one, and no function of users' is called.
std::string foreign_keys(int version_num) {
  const auto columns = [](const std::string& expression, const std::string& between) {
    return "(SELECT string_agg(" + expression + ", '" + between +
           "' ORDER BY u.place) FROM unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY u(own, other, "
           "op, "
           "place) JOIN pg_attribute ao ON ao.attrelid = k.conrelid AND ao.attnum = u.own JOIN pg_attribute "
           "at "
           "ON at.attrelid = k.confrelid AND at.attnum = u.other JOIN pg_operator p ON p.oid = u.op JOIN "
           "pg_namespace pn ON pn.oid = p.oprnamespace LEFT JOIN pg_collation l ON l.oid = at.attcollation "
           "LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace)";
  };
  const std::string broken =
      "concat('SELECT concat_ws('', '', ', " +
      columns(
          "concat(quote_literal(ao.attname || '='), ' || format(''%s'', c.', quote_ident(ao.attname), ')')",
          ", ") +
      ", ') AS key, 1 AS surplus FROM ', " + kOnlyTable + ", ' c WHERE ', " +
      columns("concat('c.', quote_ident(ao.attname), ' IS NOT NULL')", " AND ") +
      ", ' AND NOT EXISTS (SELECT 1 FROM ', CASE WHEN f.relkind <> 'p' THEN 'ONLY ' END, "
      "quote_ident(fn.nspname), '.', quote_ident(f.relname), ' p WHERE ', " +
      columns(
          "concat('p.', quote_ident(at.attname), ' OPERATOR(', quote_ident(pn.nspname), '.', p.oprname, ') "
          "c.', quote_ident(ao.attname), CASE WHEN l.oid IS NOT NULL THEN concat(' COLLATE ', "
          "quote_ident(ln.nspname), '.', quote_ident(l.collname)) END)",
          " AND ") +
      ", ')')";
  const std::string original =
      version_num >= 110000
          ? " AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.oid = k.conparentid AND o.conrelid = "
            "k.conrelid)"
          : "";
  // Between types of users' a cast of theirs may be called.
  const std::string without_casts =
      " AND NOT EXISTS (SELECT 1 FROM unnest(k.conkey, k.confkey) u(own, other) JOIN pg_attribute ao ON "
      "ao.attrelid = k.conrelid AND ao.attnum = u.own JOIN pg_attribute at ON at.attrelid = k.confrelid AND "
      "at.attnum = u.other WHERE ao.atttypid <> at.atttypid AND (ao.atttypid >= 16384 OR at.atttypid >= "
      "16384))";
  return rule("'rows'", on_table("'constraint ', quote_ident(k.conname)"), broken,
              "pg_constraint k JOIN pg_class c ON c.oid = k.conrelid AND k.contype = 'f' AND k.convalidated" +
                  original + without_casts +
                  " JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace",
              kNobody);
}

std::string checks() {
  const std::string broken = "concat('SELECT ', " + row_key("c.oid") + ", ' AS key, 1 AS surplus FROM ', " +
                             kOnlyTable + ", ' WHERE NOT (', pg_get_expr(k.conbin, k.conrelid), ')')";
  return rule(kind_of("pg_constraint", "k.oid"), on_table("'constraint ', quote_ident(k.conname)"), broken,
              "pg_constraint k JOIN pg_class c ON c.oid = k.conrelid AND k.contype = 'c' AND k.convalidated",
              kOwner);
}

// The expression calls its value VALUE, which is a name as well.
std::string domain_checks() {
  const std::string broken = "concat('SELECT v.key, 1 AS surplus FROM (SELECT ', " + row_key("c.oid") +
                             ", ' AS key, ', quote_ident(a.attname), '::', format_type(kt.typbasetype, "
                             "kt.typtypmod), ' AS value FROM ', " +
                             kOnlyTable + ", ') v WHERE NOT (', pg_get_expr(k.conbin, 0), ')')";
  return rule(
      kind_of("pg_constraint", "k.oid"),
      "concat('constraint ', quote_ident(k.conname), ' of domain ', format_type(k.contypid, NULL), ' on "
      "column ', c.oid::regclass, '.', quote_ident(a.attname))",
      broken,
      "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped JOIN "
      "domains d ON d.oid = a.atttypid JOIN pg_constraint k ON k.contypid = d.ancestor AND k.contype = "
      "'c' AND k.convalidated JOIN pg_type kt ON kt.oid = k.contypid",
      kOwner);
}

std::string encodings() {
  const std::string broken =
      "concat('SELECT '''' AS key, 0 AS surplus WHERE (SELECT ', (SELECT "
      "string_agg(concat('count(convert_to(', "
      "quote_ident(a.attname), '::text, ', quote_literal(getdatabaseencoding()), '))'), ' + ' ORDER BY "
      "a.attnum) FROM pg_attribute a WHERE "
      "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('text'::regtype, "
      "'varchar'::regtype, 'bpchar'::regtype)), ' FROM ', " +
      std::string(kOnlyTable) + ", ') < 0')";
  return rule("'" + std::string(kEncodingRule) + "'",
              "concat('encoding ', getdatabaseencoding(), ' of table ', c.oid::regclass)", broken,
              "pg_class c", kNobody) +
         " AND getdatabaseencoding() <> 'SQL_ASCII' AND EXISTS (SELECT 1 FROM pg_attribute a WHERE "
         "a.attrelid = "
         "c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('text'::regtype, "
         "'varchar'::regtype, 'bpchar'::regtype))";
}

}  // namespace

std::string row_rules_sql(int version_num) {
  return "WITH RECURSIVE domains(oid, ancestor) AS (SELECT t.oid, t.oid FROM pg_type t WHERE t.typtype = 'd' "
         "UNION SELECT d.oid, t.typbasetype FROM domains d JOIN pg_type t ON t.oid = d.ancestor AND "
         "t.typtype = "
         "'d') SELECT json_build_object('kind', a.kind, 'rule', a.rule, 'owner', a.owner, 'broken', "
         "a.broken)::text FROM (" +
         unique_indexes(version_num) + " UNION ALL " + foreign_keys(version_num) + " UNION ALL " + checks() +
         " UNION ALL " + domain_checks() + " UNION ALL " + exclusions() + " UNION ALL " + encodings() +
         ") a WHERE a.broken IS NOT NULL AND (getdatabaseencoding() <> 'SQL_ASCII' OR a.broken ~ '^[ -~]*$') "
         "ORDER "
         "BY a.pages, a.rule";
}

std::string count_broken_sql(const std::string& broken) {
  return kWithoutIndexes + ("SELECT row_to_json(answer)::text FROM (SELECT coalesce(sum(b.surplus), 0)::int8 "
                            "AS broken FROM (" +
                            broken + ") b) answer");
}

std::string first_broken_sql(const std::string& broken) {
  return kWithoutIndexes +
         fmt::format("SELECT row_to_json(answer)::text FROM (SELECT b.key FROM ({}) b LIMIT 3) answer",
                     broken);
}

}  // namespace pgupgrade::postgres
