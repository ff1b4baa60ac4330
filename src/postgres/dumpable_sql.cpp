#include "postgres/dumpable_sql.hpp"

#include <utility>
#include <vector>

#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

// FROM and WHERE of the objects of one catalog that belong to users.
std::string owned(const std::string& catalog, const std::string& schema_column) {
  return "FROM " + catalog + " o JOIN pg_namespace n ON n.oid = o." + schema_column + " WHERE " +
         user_schema("n") + " AND " + not_in_extension(catalog, "o.oid");
}

// The same for what belongs to a table.
std::string of_tables(const std::string& catalog, const std::string& table_column) {
  return "FROM " + catalog + " o JOIN pg_class c ON c.oid = o." + table_column +
         " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + user_schema("n") + " AND " +
         not_in_extension("pg_class", "c.oid");
}

std::string schemaless(const std::string& catalog) {
  return "FROM " + catalog + " o WHERE o.oid >= 16384 AND " + not_in_extension(catalog, "o.oid");
}

// A partition's copy of a trigger is dumped where it is enabled in another way than its parent.
std::string dumped_triggers(int version_num) {
  if (version_num < 130000) return "NOT o.tgisinternal";
  return "((NOT o.tgisinternal AND o.tgparentid = 0) OR o.tgenabled <> (SELECT parent.tgenabled FROM "
         "pg_trigger parent WHERE parent.oid = o.tgparentid))";
}

}  // namespace

std::string dumpable_counts_sql(int version_num) {
  const std::string relations = owned("pg_class", "relnamespace") + " AND o.relkind ";
  const std::string routines =
      owned("pg_proc", "pronamespace") +
      " AND NOT EXISTS (SELECT 1 FROM pg_depend own WHERE own.classid = 'pg_proc'::regclass "
      "AND own.objid = o.oid AND own.deptype = 'i') AND ";
  const bool has_kind = version_num >= 110000;
  const std::string constraints =
      of_tables("pg_constraint", "conrelid") + (has_kind ? " AND o.conparentid = 0" : "") + " AND o.contype ";
  const std::string all_constraints = of_tables("pg_constraint", "conrelid") + " AND o.contype ";
  const std::string types = owned("pg_type", "typnamespace") + " AND ";
  std::vector<std::pair<std::string, std::string>> kinds = {
      {"TABLE", relations + "IN ('r', 'p')"},
      {"FOREIGN TABLE", relations + "= 'f'"},
      {"VIEW", relations + "= 'v'"},
      {"MATERIALIZED VIEW", relations + "= 'm'"},
      {"SEQUENCE", relations + "= 'S'"},
      {"FUNCTION", routines + (has_kind ? "o.prokind IN ('f', 'w')" : "NOT o.proisagg")},
      {"AGGREGATE", routines + (has_kind ? "o.prokind = 'a'" : "o.proisagg")},
      // An index that a constraint made comes as the constraint.
      {"INDEX",
       of_tables("pg_index", "indrelid") +
           " AND (o.indisvalid OR c.relkind = 'p') AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE "
           "k.conindid = o.indexrelid AND k.conrelid = o.indrelid AND k.contype IN ('p', 'u', 'x'))"},
      {"CONSTRAINT", all_constraints + "IN ('p', 'u', 'x')"},
      {"FK CONSTRAINT", constraints + "= 'f'"},
      {"TRIGGER", of_tables("pg_trigger", "tgrelid") + " AND " + dumped_triggers(version_num)},
      {"POLICY", of_tables("pg_policy", "polrelid")},
      {"DOMAIN", types + "o.typtype = 'd'"},
      {"TYPE",
       types +
           "(o.typtype IN ('e', 'r') OR NOT o.typisdefined OR (o.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM "
           "pg_type el WHERE el.typarray = o.oid)) OR (o.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_class c "
           "WHERE c.oid = o.typrelid AND c.relkind = 'c')))"},
      {"EXTENSION", "FROM pg_extension o WHERE o.oid >= 16384"},
      {"EVENT TRIGGER", schemaless("pg_event_trigger")},
      {"PUBLICATION", schemaless("pg_publication")},
  };
  if (has_kind) kinds.emplace_back("PROCEDURE", routines + "o.prokind = 'p'");
  std::string sql;
  for (const auto& [kind, from] : kinds) {
    sql += (sql.empty() ? "" : " UNION ALL ") + std::string("SELECT '") + kind + "', count(*)::text " + from;
  }
  return sql;
}

}  // namespace pgupgrade::postgres
