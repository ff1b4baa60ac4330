#pragma once

#include <string>
#include <vector>

// Queries for SqlReader, to be asked in each database: each row is one JSON object in one line.
namespace pgupgrade::postgres {

// What the rows of left_behind_sql() are about.
inline constexpr const char* kCatalogObject = "catalog object";  // "object" and "cure"
inline constexpr const char* kOwnerless = "ownerless";           // "object" and "cure"
inline constexpr const char* kInvalidIndex = "invalid index";    // "object" and "cure"
inline constexpr const char* kKeyState = "key state";            // "object" and "cure"
inline constexpr const char* kConstructor = "constructor";       // "object" and "cure"
inline constexpr const char* kCounter = "counter";               // "object", and its type as "cure"
inline constexpr const char* kView = "view";                     // "object" and "cure"
// A table that inherits, or an ancestor of one: "oid", "identity", "columns" (identifiers) and "parents".
inline constexpr const char* kColumnOrder = "column order";
// A table with stored generated columns: "schema", "table", "owner" (an identifier), "target" (what FROM
// takes), "key" (the text of a row's key) and, of each column, "columns" (its name) and "changed" (a
// condition that says that its stored value is not what its expression gives now).
inline constexpr const char* kGeneratedTable = "generated table";
// A column of type oid, or of one that shows the names of objects: "column" (its whole name), "target",
// "name" (an identifier), "type", and whether it is "required" ("true": NOT NULL).
inline constexpr const char* kOidColumn = "oid column";

// Rows of "what" and "row".
std::string left_behind_sql(int version_num);

// How many rows fulfil each condition: one row with "counts", in the order of the conditions.
std::string count_rows_sql(const std::string& target, const std::vector<std::string>& conditions);
// The keys of the first rows that fulfil a condition: "key".
std::string first_keys_sql(const std::string& target, const std::string& key, const std::string& condition);

// How many values of a column are oids of objects: one row with a count for each of "regclass", "regproc",
// "regtype", "regnamespace", "regrole" and "other".
std::string oid_values_sql(const std::string& target, const std::string& name);

// How many values of a column whose type shows names are oids of objects that are gone: one row with "gone".
std::string gone_objects_sql(const std::string& target, const std::string& name);

}  // namespace pgupgrade::postgres
