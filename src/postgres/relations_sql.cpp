#include "postgres/objects_sql.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

const std::string kRelationKind =
    "CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' "
    "WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' END";

// FROM and WHERE of the relations that users see. The sequences' owners and grants are compared, too.
std::string relations(const std::string& kinds) {
  return " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (" + kinds +
         ") AND " + user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid");
}

std::string relation_facts(int version) {
  const std::string parents = "(SELECT string_agg(" + relation_name("i.inhparent") +
                              ", ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid)";
  const std::string partitioning = "(SELECT p.partstrat::text || ' ' || " +
                                   column_names("c.oid", "string_to_array(p.partattrs::text, ' ')") +
                                   " FROM pg_partitioned_table p WHERE p.partrelid = c.oid)";
  const std::string access_method =
      version >= 120000
          ? fact("method", "SELECT nullif(am.amname::text, 'heap') FROM pg_am am WHERE am.oid = c.relam")
          : std::string();
  return facts({
      fact("persistence", "c.relpersistence::text"),
      flag("row security", "c.relrowsecurity"),
      flag("forced row security", "c.relforcerowsecurity"),
      fact("replica identity", "CASE WHEN c.relkind IN ('r', 'p') THEN c.relreplident::text END"),
      fact("parents", parents),
      fact("bound", "pg_get_expr(c.relpartbound, c.oid)"),
      fact("partition by", partitioning),
      fact("of type", "CASE WHEN c.reloftype <> 0 THEN " + type_name("c.reloftype") + " END"),
      fact("options", sorted_texts("c.reloptions")),
      fact("toast options",
           "SELECT " + sorted_texts("t.reloptions") + " FROM pg_class t WHERE t.oid = c.reltoastrelid"),
      fact("tablespace", "SELECT s.spcname::text FROM pg_tablespace s WHERE s.oid = c.reltablespace"),
      fact("server", "SELECT fs.srvname || ' ' || coalesce(" + sorted_texts("f.ftoptions") +
                         ", '') FROM pg_foreign_table f JOIN pg_foreign_server fs ON fs.oid = f.ftserver "
                         "WHERE f.ftrelid = c.oid"),
      access_method,
  });
}

// Columns in their order; by name where the table has parents, since a dump may arrange those anew. Identity
// is left to the parent: from 17 on its partitions have it, too. Of the options only those count that users
// can set, since a server may keep marks of its own there (17.12: pg_attver).
std::string column_facts(int version) {
  const std::string one_column = facts({
      "a.attname::text",
      type_name("a.atttypid", "a.atttypmod"),
      flag("not null", "a.attnotnull"),
      flag("default", "a.atthasdef"),
      fact("identity", "CASE WHEN c.relispartition THEN NULL ELSE nullif(a.attidentity::text, '') END"),
      version >= 120000 ? fact("generated", "nullif(a.attgenerated::text, '')") : std::string(),
      version >= 140000 ? fact("compression", "nullif(a.attcompression::text, '')") : std::string(),
      fact("collation", "CASE WHEN a.attcollation <> ty.typcollation THEN " +
                            object_name("pg_collation", "collname", "collnamespace", "a.attcollation") +
                            " END"),
      fact("storage", "CASE WHEN a.attstorage <> ty.typstorage THEN a.attstorage::text END"),
      fact("statistics", "nullif(a.attstattarget, -1)::text"),
      fact("options", "SELECT " + sorted_texts("array_agg(o.t)") +
                          " FROM unnest(a.attoptions) o(t) WHERE o.t LIKE 'n\\_distinct%'"),
      fact("foreign options", sorted_texts("a.attfdwoptions")),
      fact("grants", "nullif(" + explicit_grants("a.attacl") + ", '')"),
  });
  return "(SELECT string_agg(" + one_column +
         ", E'\\n' ORDER BY CASE WHEN EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN 0 "
         "ELSE a.attnum END, a.attname::text COLLATE \"C\") FROM pg_attribute a JOIN pg_type ty ON ty.oid = "
         "a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)";
}

// An invalid index on an ordinary table is of no use and not dumped.
ObjectQuery indexes(int version) {
  const std::string classes =
      "(SELECT string_agg(" + object_name("pg_opclass", "opcname", "opcnamespace", "u.oid") +
      ", ', ' ORDER BY u.place) FROM unnest(i.indclass::oid[]) WITH ORDINALITY u(oid, place))";
  const std::string collations =
      "(SELECT string_agg(coalesce(" + object_name("pg_collation", "collname", "collnamespace", "u.oid") +
      ", '-'), ', ' ORDER BY u.place) FROM unnest(i.indcollation::oid[]) WITH ORDINALITY u(oid, place))";
  return {"indexes",
          "SELECT 'index', n.nspname, ic.relname, " +
              facts({
                  fact("table", relation_name("i.indrelid")),
                  fact("method", "SELECT am.amname::text FROM pg_am am WHERE am.oid = ic.relam"),
                  fact("columns", column_names("i.indrelid", "string_to_array(i.indkey::text, ' ')")),
                  fact("classes", classes),
                  fact("collations", collations),
                  fact("order", "i.indoption::text"),
                  fact("keys", version >= 110000 ? "i.indnkeyatts::text" : "i.indnatts::text"),
                  flag("unique", "i.indisunique"),
                  version >= 150000 ? flag("nulls not distinct", "i.indnullsnotdistinct") : std::string(),
                  flag("primary", "i.indisprimary"),
                  flag("exclusion", "i.indisexclusion"),
                  flag("clustered", "i.indisclustered"),
                  flag("replica identity", "i.indisreplident"),
                  flag("partial", "i.indpred IS NOT NULL"),
                  fact("options", sorted_texts("ic.reloptions")),
                  fact("tablespace",
                       "SELECT s.spcname::text FROM pg_tablespace s WHERE s.oid = ic.reltablespace"),
              }) +
              " FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_namespace n ON n.oid = "
              "ic.relnamespace WHERE (i.indisvalid OR ic.relkind = 'I') AND " +
              user_schema("n") + " AND " + not_in_extension("pg_class", "i.indrelid") + " AND " +
              not_in_extension("pg_class", "i.indexrelid")};
}

// Copies of a constraint in partitions are left out (their names are made up anew), and so are the NOT NULL
// constraints that 18 lists: the columns tell.
ObjectQuery constraints(int version) {
  return {"constraints",
          "SELECT 'constraint', n.nspname, coalesce(c.relname, t.typname) || '.' || k.conname, " +
              facts({
                  fact("type", "k.contype::text"),
                  flag("not valid", "NOT k.convalidated"),
                  flag("deferrable", "k.condeferrable"),
                  flag("deferred", "k.condeferred"),
                  flag("no inherit", "k.contype = 'c' AND k.connoinherit"),
                  fact("columns",
                       "CASE WHEN k.contype <> 'c' THEN " + column_names("k.conrelid", "k.conkey") + " END"),
                  fact("references", relation_name("nullif(k.confrelid, 0)")),
                  fact("referenced columns", column_names("k.confrelid", "k.confkey")),
                  fact("actions",
                       "CASE WHEN k.contype = 'f' THEN concat(k.confupdtype, k.confdeltype, "
                       "k.confmatchtype) END"),
              }) +
              " FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON "
              "c.oid = k.conrelid AND k.conrelid <> 0 LEFT JOIN pg_type t ON t.oid = k.contypid AND "
              "k.contypid <> 0 WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND " +
              (version >= 110000 ? "k.conparentid = 0 AND " : "") + user_schema("n") + " AND " +
              not_in_extension("pg_class", "nullif(k.conrelid, 0)") + " AND " +
              not_in_extension("pg_type", "nullif(k.contypid, 0)"),
          true};
}

// Copies of a trigger in partitions are left out.
ObjectQuery triggers(int version) {
  return {
      "triggers",
      "SELECT 'trigger', n.nspname, c.relname || '.' || t.tgname, " +
          facts({
              fact("function", function_name("t.tgfoid")),
              fact("enabled", "t.tgenabled::text"),
              fact("type", "t.tgtype::text"),
              fact("columns", column_names("t.tgrelid", "string_to_array(nullif(t.tgattr::text, ''), ' ')")),
              fact("arguments", "nullif(encode(t.tgargs, 'hex'), '')"),
              flag("constraint", "t.tgconstraint <> 0"),
              flag("deferrable", "t.tgdeferrable"),
              flag("deferred", "t.tginitdeferred"),
              flag("condition", "t.tgqual IS NOT NULL"),
              fact("old table", "t.tgoldtable::text"),
              fact("new table", "t.tgnewtable::text"),
          }) +
          " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = "
          "c.relnamespace WHERE NOT t.tgisinternal AND " +
          (version >= 130000 ? "t.tgparentid = 0 AND " : "") + user_schema("n") + " AND " +
          not_in_extension("pg_class", "c.oid"),
      true};
}

std::vector<ObjectQuery> rules_and_policies() {
  const std::string on_user_tables = " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " +
                                     user_schema("n") + " AND " + not_in_extension("pg_class", "c.oid");
  const std::string roles =
      "(SELECT string_agg(r.name, ', ' ORDER BY r.name COLLATE \"C\") FROM (SELECT CASE WHEN u.oid = 0 THEN "
      "'PUBLIC' ELSE " +
      role_name("u.oid") + " END AS name FROM unnest(p.polroles) u(oid)) r)";
  return {
      {"rules",
       "SELECT 'rule', n.nspname, c.relname || '.' || r.rulename, " +
           facts({fact("event", "r.ev_type::text"), fact("enabled", "r.ev_enabled::text"),
                  flag("instead", "r.is_instead")}) +
           " FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class" + on_user_tables +
           " AND r.rulename <> '_RETURN'",
       true},
      {"policies",
       "SELECT 'policy', n.nspname, c.relname || '.' || p.polname, " +
           facts({fact("command", "p.polcmd::text"), flag("permissive", "p.polpermissive"),
                  fact("roles", roles), flag("using", "p.polqual IS NOT NULL"),
                  flag("check", "p.polwithcheck IS NOT NULL")}) +
           " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid" + on_user_tables,
       true},
  };
}

ObjectQuery extended_statistics(int version) {
  // 14 adds the kind 'e' for expressions, which older versions lack altogether.
  return {"extended statistics",
          "SELECT 'statistics', n.nspname, s.stxname, " +
              facts({
                  fact("table", relation_name("s.stxrelid")),
                  fact("columns",
                       column_names("s.stxrelid", "string_to_array(nullif(s.stxkeys::text, ''), ' ')")),
                  fact("kinds", sorted_texts("s.stxkind::text[]")),
                  version >= 130000 ? fact("target", "nullif(s.stxstattarget, -1)::text") : std::string(),
                  fact("owner", role_name("s.stxowner")),
              }) +
              " FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE " +
              user_schema("n") + " AND " + not_in_extension("pg_statistic_ext", "s.oid")};
}

}  // namespace

std::vector<ObjectQuery> relation_queries(int version_num) {
  const std::string all = "'r', 'p', 'v', 'm', 'f', 'S'";
  const std::string with_columns = "'r', 'p', 'v', 'm', 'f'";
  std::vector<ObjectQuery> queries = {
      {"tables", "SELECT " + kRelationKind + ", n.nspname, c.relname, " + relation_facts(version_num) +
                     relations(with_columns)},
      {"columns", "SELECT 'columns of ' || " + kRelationKind + ", n.nspname, c.relname, " +
                      column_facts(version_num) + relations(with_columns)},
      {"owners of tables", "SELECT 'owner of ' || " + kRelationKind + ", n.nspname, c.relname, " +
                               role_name("c.relowner") + relations(all)},
      {"privileges on tables", "SELECT 'privileges of ' || " + kRelationKind +
                                   ", n.nspname, c.relname, CASE c.relkind WHEN 'S' THEN " +
                                   grants("c.relacl", 's', "c.relowner") + " ELSE " +
                                   grants("c.relacl", 'r', "c.relowner") + " END" + relations(all)},
      indexes(version_num),
      constraints(version_num),
      triggers(version_num),
      extended_statistics(version_num),
  };
  for (ObjectQuery& query : rules_and_policies()) queries.push_back(std::move(query));
  return queries;
}

}  // namespace pgupgrade::postgres
