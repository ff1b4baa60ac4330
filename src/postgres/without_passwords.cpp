#include "pgupgrade/postgres/without_passwords.hpp"

#include <regex>
#include <utility>
#include <vector>

namespace pgupgrade::postgres {

std::string without_passwords(const std::string& line) {
  constexpr auto kAnyCase = std::regex::icase;
  static const std::vector<std::pair<std::regex, std::string>> hidden = {
      // PASSWORD 'word', OPTIONS (password 'word'), also where the end of the literal is cut off
      {std::regex(R"((password|passwd|passphrase|secret)("?[ =,]*(E|U&)?)'([^'\\]|''|\\.)*'?)", kAnyCase),
       "$1$2'***'"},
      // of a connection string
      {std::regex(R"((password|passwd|passphrase|secret)=[^\s'"]+)", kAnyCase), "$1=***"},
      {std::regex(R"((://[^\s:/@]*:)[^\s@]*@)"), "$1***@"},
      // verifiers
      {std::regex(R"(SCRAM-SHA-256\$[^\s'"]*)"), "***"},
      {std::regex(R"(md5[0-9a-f]{32})"), "***"},
  };
  std::string text = line;
  for (const auto& [pattern, replacement] : hidden) text = std::regex_replace(text, pattern, replacement);
  return text;
}

}  // namespace pgupgrade::postgres
