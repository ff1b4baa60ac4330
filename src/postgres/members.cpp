#include "pgupgrade/postgres/members.hpp"

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "postgres/ask.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

// 'label', value
std::string attribute(const std::string& label, const std::string& value) {
  return ", '" + label + "', (" + value + ")::text";
}

// The superuser made the cluster's extensions, and its name is not of the extension.
std::string owner(const std::string& oid) {
  return attribute("owner", "CASE WHEN " + oid + " <> 10 THEN " + role_name(oid) + " END");
}

std::string members_of(const std::string& catalog, const std::string& attributes,
                       const std::string& joins = {}) {
  return "SELECT d.classid, d.objid, e.extname::text AS extension, "
         "json_strip_nulls(json_build_object('comment', "
         "obj_description(o.oid, '" +
         catalog + "')" + attributes +
         ")) AS attributes FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid JOIN " + catalog +
         " o ON o.oid = d.objid " + joins +
         " WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND "
         "d.classid = '" +
         catalog + "'::regclass AND e.extname <> 'plpgsql'";
}

std::string functions(int version) {
  const std::string kind = version >= 110000 ? "o.prokind" : "CASE WHEN o.proisagg THEN 'a' ELSE 'f' END";
  const std::string body = version >= 140000 ? " || coalesce(pg_get_function_sqlbody(o.oid), '')" : "";
  return members_of(
      "pg_proc", owner("o.proowner") + attribute("name", "o.proname") +
                     attribute("schema", schema_name("o.pronamespace")) + attribute("kind", kind) +
                     attribute("cost", "o.procost::numeric") + attribute("rows", "o.prorows::numeric") +
                     attribute("security definer", "o.prosecdef") + attribute("leakproof", "o.proleakproof") +
                     attribute("strict", "o.proisstrict") + attribute("volatility", "o.provolatile") +
                     attribute("parallel", "o.proparallel") +
                     attribute("settings", "SELECT string_agg(u.t, E'\\n') FROM unnest(o.proconfig) u(t)") +
                     attribute("body", "md5(coalesce(o.probin::text, '') || ' ' || o.prosrc" + body + ")"));
}

// Columns, and what a user can have added to a table of an extension.
std::string relations() {
  const std::string columns =
      "SELECT md5(string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
      "pg_get_expr(df.adbin, df.adrelid)), ', ' ORDER BY a.attnum)) FROM pg_attribute a LEFT JOIN pg_attrdef "
      "df ON "
      "df.adrelid = a.attrelid AND df.adnum = a.attnum WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT "
      "a.attisdropped";
  const std::string indexes =
      "SELECT string_agg(ic.relname::text, ', ' ORDER BY ic.relname::text COLLATE \"C\") FROM pg_index x "
      "JOIN pg_class "
      "ic ON ic.oid = x.indexrelid WHERE x.indrelid = o.oid";
  const std::string triggers =
      "SELECT string_agg(t.tgname::text, ', ' ORDER BY t.tgname::text COLLATE \"C\") FROM pg_trigger t WHERE "
      "t.tgrelid "
      "= o.oid AND NOT t.tgisinternal";
  const std::string constraints =
      "SELECT string_agg(k.conname::text, ', ' ORDER BY k.conname::text COLLATE \"C\") FROM pg_constraint k "
      "WHERE "
      "k.conrelid = o.oid AND k.contype <> 'n'";
  return members_of("pg_class",
                    owner("o.relowner") + attribute("kind", "o.relkind") + attribute("columns", columns) +
                        attribute("options", sorted_texts("o.reloptions")) + attribute("indexes", indexes) +
                        attribute("triggers", triggers) + attribute("constraints", constraints) +
                        attribute("definition",
                                  "CASE WHEN o.relkind IN ('v', 'm') THEN md5(pg_get_viewdef(o.oid)) END")) +
         " AND o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')";
}

std::string types() {
  return members_of(
             "pg_type",
             owner("o.typowner") +
                 attribute(
                     "labels",
                     "SELECT string_agg(l.enumlabel::text, ', ' ORDER BY l.enumsortorder) FROM pg_enum l "
                     "WHERE l.enumtypid = o.oid") +
                 attribute("default", "o.typdefault")) +
         " AND NOT EXISTS (SELECT 1 FROM pg_class rc WHERE rc.oid = o.typrelid AND rc.relkind <> 'c') AND "
         "NOT "
         "(o.typelem <> 0 AND EXISTS (SELECT 1 FROM pg_type el WHERE el.oid = o.typelem AND el.typarray = "
         "o.oid))";
}

}  // namespace

std::string members_sql(int version_num) {
  std::string all = functions(version_num) + " UNION ALL " + relations() + " UNION ALL " + types();
  const auto add = [&](const char* catalog, const std::string& attributes) {
    all += " UNION ALL " + members_of(catalog, attributes);
  };
  add("pg_operator", owner("o.oprowner") + attribute("estimators", "concat(o.oprrest, ' ', o.oprjoin)"));
  add("pg_opclass", owner("o.opcowner"));
  add("pg_opfamily", owner("o.opfowner"));
  add("pg_namespace", owner("o.nspowner"));
  add("pg_collation", owner("o.collowner"));
  add("pg_conversion", owner("o.conowner"));
  add("pg_language", owner("o.lanowner"));
  add("pg_foreign_data_wrapper", owner("o.fdwowner") + attribute("options", sorted_texts("o.fdwoptions")));
  add("pg_foreign_server", owner("o.srvowner") + attribute("options", sorted_texts("o.srvoptions")));
  add("pg_event_trigger", owner("o.evtowner") + attribute("enabled", "o.evtenabled"));
  add("pg_ts_config", owner("o.cfgowner"));
  add("pg_ts_dict", owner("o.dictowner") + attribute("options", "o.dictinitoption"));
  add("pg_ts_parser", "");
  add("pg_ts_template", "");
  add("pg_cast", "");
  add("pg_am", "");
  return "SELECT row_to_json(answer)::text FROM (SELECT m.extension, i.type, i.identity, m.attributes FROM "
         "(" +
         all +
         ") m, LATERAL pg_identify_object(m.classid, m.objid, 0) i ORDER BY m.extension COLLATE \"C\", "
         "i.type COLLATE "
         "\"C\", i.identity COLLATE \"C\") answer";
}

ExtensionMember member_of_json(const std::string& row) {
  const boost::json::object object = parse_row(row, "the members of extensions");
  return {.extension = json::get_string(object, "extension"),
          .type = json::get_string(object, "type"),
          .identity = json::get_string(object, "identity"),
          .attributes = json::get_string_map(object, "attributes")};
}

std::vector<ExtensionMember> read_members(SqlReader& reader, const std::string& database, int version_num) {
  std::vector<ExtensionMember> members;
  for (const std::string& row : reader.query(database, members_sql(version_num)))
    members.push_back(member_of_json(row));
  return members;
}

std::string digest_of_members(const std::vector<ExtensionMember>& members) {
  std::string text;
  for (const ExtensionMember& member : members) {
    text += member.extension + '\n' + member.type + '\n' + member.identity + '\n';
    for (const auto& [name, value] : member.attributes) text += name + '\n' + value + '\n';
  }
  return sha256_hex(text);
}

}  // namespace pgupgrade::postgres
