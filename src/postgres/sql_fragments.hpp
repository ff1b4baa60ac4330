#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

// Pieces of SQL that the catalog queries share. All of them yield the same text on every version from 10 on
// for the same object; hence no quote_ident (keywords differ), no regprocedure (overloads differ), no
// deparsed expressions (their text differs). Arguments are SQL expressions and aliases of ours, never outside
// data.
namespace pgupgrade::postgres::sql {

// A condition: `alias` (of pg_namespace) is a schema that users own.
std::string user_schema(std::string_view alias);

// A query: of each object that belongs to an extension "classid", "objid" and the oid of its "extension".
std::string extension_members();

// A condition: the object belongs to no extension. `catalog` is "pg_class", `oid` an expression.
std::string not_in_extension(std::string_view catalog, std::string_view oid);

// The name of a role, '-' for none.
std::string role_name(std::string_view oid);

// Grants as "grantee=PRIVILEGE*" sorted, with the defaults of `object_kind` (as in acldefault) in place of a
// null. MAINTAIN is left out: owners get it from 17 on.
std::string grants(std::string_view acl, char object_kind, std::string_view owner);

// "schema.name" of a relation, a type, by oid.
std::string relation_name(std::string_view oid);
std::string type_name(std::string_view oid, std::string_view modifier = "NULL");
// "schema.name" of a row in a catalog whose name and schema columns are given, by oid.
std::string object_name(std::string_view catalog, std::string_view name_column,
                        std::string_view schema_column, std::string_view oid);
std::string schema_name(std::string_view oid);

// A text array as one text, sorted.
std::string sorted_texts(std::string_view array);

// Names of a table's columns for an int2 array of attribute numbers, in its order; 0 is "(expression)".
std::string column_names(std::string_view relation, std::string_view numbers);

// A text: the expression that shows which row of a table it is, by its primary key ("id=1"), or by its place.
std::string row_key(std::string_view relation);

// "label=value" or NULL when the value is NULL; for concat_ws.
std::string fact(std::string_view label, std::string_view value);
// "label" when the condition holds, else NULL.
std::string flag(std::string_view label, std::string_view condition);

// All facts of an object as one text; empty parts (facts that a version does not have) and NULLs are left
// out.
std::string facts(std::initializer_list<std::string> parts);

}  // namespace pgupgrade::postgres::sql
