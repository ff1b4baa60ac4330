#pragma once

#include <string>

#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade::planning {

// What SQL calls a type of object: "foreign-data wrapper" -> "FOREIGN DATA WRAPPER".
std::string sql_keyword(const std::string& type);

// Gives a function the name or the schema that it has; empty when it would take more than one statement.
std::string rename_statement(const ExtensionMember& expected, const ExtensionMember& found);

// Gives an object the attribute that it has; empty when SQL has no way that keeps what a newer version
// brings.
std::string attribute_statement(const MemberChange& change);

}  // namespace pgupgrade::planning
