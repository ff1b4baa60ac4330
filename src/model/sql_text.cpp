#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade {

std::string sql_identifier(const std::string& name) {
  std::string result = "\"";
  for (const char letter : name) {
    if (letter == '"') result += letter;
    result += letter;
  }
  return result + "\"";
}

std::string sql_literal(const std::string& text) {
  std::string result = text.find('\\') == std::string::npos ? "'" : "E'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') result += letter;
    result += letter;
  }
  return result + "'";
}

}  // namespace pgupgrade
