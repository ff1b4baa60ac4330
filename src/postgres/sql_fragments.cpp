#include "postgres/sql_fragments.hpp"

#include <fmt/format.h>

namespace pgupgrade::postgres::sql {
namespace {

// aclexplode with roles by name, in a fixed order. A role that was dropped shows as its number.
std::string exploded(const std::string& acl) {
  return fmt::format(
      "array_to_string(ARRAY(SELECT (CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE "
      "coalesce((SELECT g.rolname::text FROM pg_roles g WHERE g.oid = x.grantee), x.grantee::text) END || "
      "'=' || "
      "x.privilege_type || CASE WHEN bool_or(x.is_grantable) THEN '*' ELSE '' END) COLLATE \"C\" "
      "FROM aclexplode({}) x WHERE x.privilege_type <> 'MAINTAIN' GROUP BY x.grantee, x.privilege_type "
      "ORDER BY 1), ', ')",
      acl);
}

}  // namespace

std::string user_schema(std::string_view alias) {
  return fmt::format("({0}.nspname NOT LIKE 'pg\\_%' AND {0}.nspname <> 'information_schema')", alias);
}

std::string extension_members() {
  return "SELECT e.classid, e.objid, e.refobjid AS extension FROM pg_depend e WHERE e.deptype = 'e' AND "
         "e.refclassid "
         "= 'pg_extension'::regclass";
}

std::string not_in_extension(std::string_view catalog, std::string_view oid) {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM ({}) member WHERE member.classid = '{}'::regclass AND member.objid = {})",
      extension_members(), catalog, oid);
}

std::string role_name(std::string_view oid) {
  return fmt::format("coalesce((SELECT g.rolname::text FROM pg_roles g WHERE g.oid = {}), '-')", oid);
}

std::string grants(std::string_view acl, char object_kind, std::string_view owner) {
  return exploded(fmt::format("coalesce({}, acldefault('{}', {}))", acl, object_kind, owner));
}

std::string object_name(std::string_view catalog, std::string_view name_column,
                        std::string_view schema_column, std::string_view oid) {
  return fmt::format(
      "(SELECT on_n.nspname || '.' || on_o.{1} FROM {0} on_o JOIN pg_namespace on_n ON on_n.oid = on_o.{2} "
      "WHERE on_o.oid = {3})",
      catalog, name_column, schema_column, oid);
}

std::string relation_name(std::string_view oid) {
  return object_name("pg_class", "relname", "relnamespace", oid);
}

std::string type_name(std::string_view oid, std::string_view modifier) {
  return fmt::format("replace(format_type({}, {}), '\"', '')", oid, modifier);
}

std::string schema_name(std::string_view oid) {
  return fmt::format("(SELECT sn.nspname::text FROM pg_namespace sn WHERE sn.oid = {})", oid);
}

std::string sorted_texts(std::string_view array) {
  return fmt::format(
      "(SELECT string_agg(st.t, ', ' ORDER BY st.t COLLATE \"C\") FROM unnest(({})::text[]) st(t))", array);
}

std::string column_names(std::string_view relation, std::string_view numbers) {
  return fmt::format(
      "(SELECT string_agg(coalesce(cn_a.attname::text, '(expression)'), ', ' ORDER BY cn.place) "
      "FROM unnest(({1})::int2[]) WITH ORDINALITY cn(number, place) "
      "LEFT JOIN pg_attribute cn_a ON cn_a.attrelid = {0} AND cn_a.attnum = cn.number AND cn.number <> 0)",
      relation, numbers);
}

std::string row_key(std::string_view relation) {
  return fmt::format(
      "coalesce((SELECT 'concat_ws('', '', ' || string_agg(quote_literal(ka.attname || '=') || ' || "
      "format(''%s'', ' || quote_ident(ka.attname) || ')', ', ' ORDER BY k.place) || ')' FROM pg_index x, "
      "LATERAL "
      "unnest(x.indkey::int2[]) WITH ORDINALITY k(number, place) JOIN pg_attribute ka ON ka.attrelid = {} "
      "AND ka.attnum = k.number WHERE x.indrelid = ka.attrelid AND x.indisprimary), '''ctid='' || "
      "ctid::text')",
      relation);
}

std::string fact(std::string_view label, std::string_view value) {
  return fmt::format("'{}=' || ({})", label, value);
}

std::string flag(std::string_view label, std::string_view condition) {
  return fmt::format("CASE WHEN {} THEN '{}' END", condition, label);
}

std::string facts(std::initializer_list<std::string> parts) {
  std::string text = "concat_ws('; '";
  for (const std::string& part : parts) {
    if (!part.empty()) text += ", " + part;
  }
  return text + ")";
}

}  // namespace pgupgrade::postgres::sql
