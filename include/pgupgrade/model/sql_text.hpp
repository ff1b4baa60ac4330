#pragma once

#include <string>

// Names and texts in statements that a plan shows and a server runs, for any server since 10.
namespace pgupgrade {

std::string sql_identifier(const std::string& name);  // always in double quotes
std::string sql_literal(const std::string& text);     // whatever standard_conforming_strings is

}  // namespace pgupgrade
