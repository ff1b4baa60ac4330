#include "postgres/array_text.hpp"

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::postgres {

// "{a,"b \"c\"",NULL}", its lines' ends as \n and \r.
std::vector<std::optional<std::string>> parse_array(const std::string& text) {
  std::vector<std::optional<std::string>> elements;
  const auto broken = [] {
    return Error(ErrorKind::internal, "E-INTERNAL", "the answer to a query of the catalogs is not an array");
  };
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') throw broken();
  const auto unescaped = [](char c) { return c == 'n' ? '\n' : c == 'r' ? '\r' : c; };
  for (std::size_t at = 1; at < text.size() - 1;) {
    std::string element;
    const bool quoted = text[at] == '"';
    if (quoted) {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        const bool escaped = text[at] == '\\' && at + 1 < text.size();
        element += escaped ? unescaped(text[++at]) : text[at];
      }
      ++at;
    } else {
      while (at < text.size() - 1 && text[at] != ',') element += text[at++];
    }
    const bool null = !quoted && element == "NULL";
    elements.push_back(null ? std::nullopt : std::optional(std::move(element)));
    if (at >= text.size() || (text[at] != ',' && text[at] != '}')) throw broken();
    ++at;
  }
  return elements;
}

std::string without_digits(const std::string& escaped) {
  const auto is_digit = [&](std::size_t at) {
    return at < escaped.size() && escaped[at] >= '0' && escaped[at] <= '7';
  };
  std::string text;
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] == '\\' && is_digit(at + 1) && is_digit(at + 2) && is_digit(at + 3)) {
      const int byte = (escaped[at + 1] - '0') * 64 + (escaped[at + 2] - '0') * 8 + (escaped[at + 3] - '0');
      text += '\xef';  // U+F7xx in UTF-8
      text += static_cast<char>(0x9c | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3f));
      at += 3;
    } else {
      text += escaped[at];
      if (escaped[at] == '\\' && at + 1 < escaped.size() && escaped[at + 1] == '\\') ++at;
    }
  }
  return text;
}

}  // namespace pgupgrade::postgres
