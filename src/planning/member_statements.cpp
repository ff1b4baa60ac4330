#include "planning/member_statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>
#include <vector>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/planning/member_changes.hpp"

namespace pgupgrade::planning {

namespace {

// Settings whose value is a list, which is stored with its members quoted.
bool is_list(const std::string& setting) {
  constexpr std::array<std::string_view, 6> kLists = {"local_preload_libraries",   "search_path",
                                                      "session_preload_libraries", "shared_preload_libraries",
                                                      "temp_tablespaces",          "unix_socket_directories"};
  return std::find(kLists.begin(), kLists.end(), lower(setting)) != kLists.end();
}

// "extension.setting" is two identifiers.
std::string setting_name(const std::string& name) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return sql_identifier(name);
  return sql_identifier(name.substr(0, dot)) + "." + sql_identifier(name.substr(dot + 1));
}

std::string set_clause(const std::string& entry) {
  const auto equals = entry.find('=');
  const std::string name = entry.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : entry.substr(equals + 1);
  const bool stands_as_it_is = is_list(name) && !value.empty() && value != "\"\"";
  const std::string text = is_list(name) && !stands_as_it_is ? "''"
                           : stands_as_it_is                 ? value
                                                             : sql_literal(value);
  return fmt::format(" SET {} TO {}", setting_name(name), text);
}

// Clauses of ALTER FUNCTION for an attribute and its value; a value that is left out stands for any.
struct Clause {
  std::string_view attribute;
  std::string_view value;
  std::string_view sql;
};
constexpr std::array<Clause, 12> kClauses = {{{"security definer", "true", "SECURITY DEFINER"},
                                              {"security definer", "false", "SECURITY INVOKER"},
                                              {"leakproof", "true", "LEAKPROOF"},
                                              {"leakproof", "false", "NOT LEAKPROOF"},
                                              {"strict", "true", "STRICT"},
                                              {"strict", "false", "CALLED ON NULL INPUT"},
                                              {"volatility", "i", "IMMUTABLE"},
                                              {"volatility", "s", "STABLE"},
                                              {"volatility", "v", "VOLATILE"},
                                              {"parallel", "s", "PARALLEL SAFE"},
                                              {"parallel", "r", "PARALLEL RESTRICTED"},
                                              {"parallel", "u", "PARALLEL UNSAFE"}}};

// The lines that were added. Nothing when others were taken out: that has no statement.
std::vector<std::string> added_lines(const MemberChange& change) {
  std::vector<std::string> made = split_lines(change.expected);
  std::vector<std::string> added;
  for (const std::string& line : split_lines(change.value))
    if (std::erase(made, line) == 0) added.push_back(line);
  if (!made.empty()) added.clear();
  return added;
}

// What users have put on a table of an extension.
std::string add_to_table(const MemberChange& change) {
  const std::vector<std::string> added = added_lines(change);
  const auto is_digest = [](const std::string& line) { return line.find(' ') == std::string::npos; };
  return std::any_of(added.begin(), added.end(), is_digest) ? std::string() : join(added, "; ");
}

std::string add_to_family(const MemberChange& change) {
  const std::vector<std::string> added = added_lines(change);
  if (added.empty()) return {};
  return fmt::format("ALTER OPERATOR FAMILY {} ADD {}", change.identity, join(added, ", "));
}

std::string function_clause(const MemberChange& change) {
  if (change.attribute == "cost") return " COST " + change.value;
  if (change.attribute == "rows") return " ROWS " + change.value;
  if (change.attribute == "settings") {
    // What the script set and the user did not keep would take a statement of its own.
    if (!change.expected.empty()) return {};
    std::string clauses;
    for (const std::string& entry : split_lines(change.value)) clauses += set_clause(entry);
    return clauses;
  }
  for (const Clause& clause : kClauses)
    if (clause.attribute == change.attribute && clause.value == change.value)
      return " " + std::string(clause.sql);
  return {};
}

}  // namespace

std::string sql_keyword(const std::string& type) {
  std::string result;
  for (const char letter : type)
    result += letter == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return result;
}

std::string rename_statement(const ExtensionMember& expected, const ExtensionMember& found) {
  const std::string alter = fmt::format("ALTER {} {} ", sql_keyword(expected.type), expected.identity);
  const auto name = found.attributes.find("name");
  const auto schema = found.attributes.find("schema");
  if (name == found.attributes.end() || schema == found.attributes.end()) return {};
  const bool same_name = expected.attributes.at("name") == name->second;
  const bool same_schema = expected.attributes.at("schema") == schema->second;
  if (same_schema && !same_name) return alter + "RENAME TO " + sql_identifier(name->second);
  if (same_name && !same_schema) return alter + "SET SCHEMA " + sql_identifier(schema->second);
  return {};
}

namespace {

std::set<std::string> lines_of(const std::string& text) {
  const auto lines = split_lines(text);
  return {lines.begin(), lines.end()};
}

// "SELECT* reader" of the object: what was given, and what was taken away.
std::string grants_statement(const MemberChange& change) {
  const std::string kind =
      change.type == "function" || change.type == "schema" ? sql_keyword(change.type) : "TABLE";
  const std::set<std::string> was = lines_of(change.expected);
  const std::set<std::string> is = lines_of(change.value);
  std::vector<std::string> statements;
  const auto say = [&](const std::string& line, bool gives) {
    const std::size_t space = line.find(' ');
    const bool with_option = space > 0 && line[space - 1] == '*';
    const std::string privilege = line.substr(0, with_option ? space - 1 : space);
    statements.push_back(fmt::format("{} {} ON {} {} {} {}{}", gives ? "GRANT" : "REVOKE", privilege, kind,
                                     change.identity, gives ? "TO" : "FROM", line.substr(space + 1),
                                     gives && with_option ? " WITH GRANT OPTION" : ""));
  };
  for (const std::string& line : was)
    if (!is.contains(line)) say(line, false);
  for (const std::string& line : is)
    if (!was.contains(line)) say(line, true);
  return join(statements, "; ");
}

}  // namespace

std::string attribute_statement(const MemberChange& change) {
  const std::string object = fmt::format("{} {}", sql_keyword(change.type), change.identity);
  if (change.attribute == "owner")
    return change.value.empty() ? ""
                                : fmt::format("ALTER {} OWNER TO {}", object, sql_identifier(change.value));
  if (change.attribute == "comment")
    return fmt::format("COMMENT ON {} IS {}", object,
                       change.value.empty() ? "NULL" : sql_literal(change.value));
  if (change.attribute == "options" && !change.value.empty()) {
    if (change.type == "tablespace") return fmt::format("ALTER {} SET ({})", object, change.value);
    // What the statement leaves out stays as it was made.
    if (change.type == "text search dictionary") return fmt::format("ALTER {} ({})", object, change.value);
    return {};
  }
  if (stands_on_table(change)) return add_to_table(change);
  if (change.attribute == kLooseMembers) return add_to_family(change);
  if (change.attribute == kInformationSchemaGrants) return grants_statement(change);
  if (change.type != "function" && change.type != "procedure") return {};
  const std::string clause = function_clause(change);
  return clause.empty() ? "" : fmt::format("ALTER {}{}", object, clause);
}

}  // namespace pgupgrade::planning
