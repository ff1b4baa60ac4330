#include "postgres/names.hpp"

#include <algorithm>

namespace pgupgrade::postgres {
namespace {

bool needs_no_quotes(std::string_view name) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto goes_on = [&](char c) { return starts(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && starts(name.front()) && std::all_of(name.begin(), name.end(), goes_on);
}

}  // namespace

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string display_name(std::string_view name) {
  return needs_no_quotes(name) ? std::string(name) : quoted_identifier(name);
}

std::string display_name(std::string_view schema, std::string_view name) {
  return schema.empty() ? display_name(name) : display_name(schema) + "." + display_name(name);
}

std::string database_conninfo(std::string_view database) {
  std::string conninfo = "dbname='";
  for (const char c : database) {
    if (c == '\'' || c == '\\') conninfo += '\\';
    conninfo += c;
  }
  return conninfo + "'";
}

}  // namespace pgupgrade::postgres
