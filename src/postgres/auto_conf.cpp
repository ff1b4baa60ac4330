#include <cctype>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/inspect.hpp"

namespace pgupgrade::postgres {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$';
}

// The value between single quotes, where '' and \' are a quote and a backslash escapes as in C.
std::string unquoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\'') {
      if (i + 1 >= text.size() || text[i + 1] != '\'') break;
      ++i;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      switch (text[i]) {
        case 'n':
          value += '\n';
          continue;
        case 't':
          value += '\t';
          continue;
        case 'r':
          value += '\r';
          continue;
        default:
          break;
      }
    }
    value += text[i];
  }
  return value;
}

std::string value_of(std::string_view text) {
  if (!text.empty() && text.front() == '\'') return unquoted(text);
  return std::string(text.substr(0, text.find_first_of(" \t#")));
}

}  // namespace

std::map<std::string, std::string> parse_auto_conf(const std::string& text) {
  std::map<std::string, std::string> settings;
  for (const std::string& line : split_lines(text)) {
    std::string_view rest = trim(line);
    std::size_t length = 0;
    while (length < rest.size() && is_name_character(rest[length])) ++length;
    if (length == 0) continue;  // a comment or a blank line
    const std::string name{rest.substr(0, length)};
    rest = trim(rest.substr(length));
    if (!rest.empty() && rest.front() == '=') rest = trim(rest.substr(1));
    settings[name] = value_of(rest);
  }
  return settings;
}

// As ALTER SYSTEM writes it: in these files a backslash escapes, whatever standard_conforming_strings says.
std::string quoted_setting(const std::string& value) {
  std::string text = "'";
  for (const char letter : value) {
    if (letter == '\n') {
      text += "\\n";
      continue;
    }
    if (letter == '\'' || letter == '\\') text += letter;
    text += letter;
  }
  return text + "'";
}

}  // namespace pgupgrade::postgres
