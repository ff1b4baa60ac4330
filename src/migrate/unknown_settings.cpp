#include "migrate/unknown_settings.hpp"

#include <string_view>
#include <vector>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::migrate {
namespace {

constexpr std::string_view kUnknown = "ERROR:  unrecognized configuration parameter \"";
constexpr std::string_view kStatement = "Command was: SET ";
constexpr std::string_view kCounted = "pg_restore: warning: errors ignored on restore: ";

bool is_error(const std::string& line) {
  for (const std::string_view word : {"error:", "ERROR:", "FATAL:", "PANIC:"})
    if (line.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace

Said without_unknown_settings(const std::string& message) {
  const std::vector<std::string> lines = split_lines(message);
  Said said;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool sets = i + 1 < lines.size() && lines[i + 1].starts_with(kStatement);
    if (sets && lines[i].find(kUnknown) != std::string::npos) {
      said.unknown_settings = true;
      ++i;
      continue;
    }
    if (lines[i].starts_with(kCounted)) continue;
    said.errors = said.errors || is_error(lines[i]);
    said.rest += lines[i] + "\n";
  }
  return said;
}

}  // namespace pgupgrade::migrate
