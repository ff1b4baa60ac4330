#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/session.hpp"

// How rows become hashes that two versions can be compared by. Each column gets a form: an SQL expression
// whose text is the same for the same value on each version, and another for each other value. What may be
// long is hashed by itself, so that the text of a row stays short even where that of its values together
// would be more than the server can hold.
namespace pgupgrade::postgres {

// What a fingerprint's `row_hash` names.
struct RowHash {
  std::string function;  // hashtextextended or hashtext
  // Before 12 the text of floating-point numbers is not exact, so they go by their binary form.
  bool binary_floats = false;
};
// Error(failed, "E-FINGERPRINT-FORMAT") for one that only another version of this program knows.
RowHash row_hash_named(const std::string& name);

// Hash of a text expression; NULL of a NULL.
std::string hash_of(const RowHash& hash, const std::string& text);
// Hash of several expressions together; never NULL.
std::string hash_of_row(const RowHash& hash, const std::string& expressions);

// Stands in a form for the value.
inline constexpr const char* kValue = "{pgupgrade value}";

// The types of the columns of all tables, and those that they are made of: oid, kind ("b" base, "a" array, or
// pg_type.typtype), schema, name, typlen, the type within (base of a domain, element of an array, subtype of
// a range, range of a multirange), schema and name of its output function (NULL when that is another type's);
// for a composite type a row for each field with its name and type.
std::string types_sql(int version_num);

// Type's oid -> form, for those whose form is more than the value itself.
std::vector<std::pair<std::string, std::string>> row_forms(const std::vector<Row>& types,
                                                           const RowHash& hash);

}  // namespace pgupgrade::postgres
