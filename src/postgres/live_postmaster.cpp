#include <fmt/format.h>

#include <charconv>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/rehearsal.hpp"

// Where a server in use takes connections.
namespace pgupgrade::postgres {
namespace {

// A postmaster.pid has in its lines: process, data directory, start, port, first socket directory.
constexpr const char* kFindPostmaster = R"sh(
set -eu
line() { sed -n "$1p" "$2/postmaster.pid"; }
process=$(line 1 "$1")
socket=$(line 5 "$1")
printf 'process\t%s\nport\t%s\n' "$process" "$(line 4 "$1")"
case $socket in /*) printf 'socket\t%s\n' "$(cd -P -- "$socket" && pwd)" ;; esac
printf 'owner\t%s:%s\n' "$(stat -c %u "/proc/$process")" "$(stat -c %g "/proc/$process")"
echo end
)sh";

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::vector<std::string> find_postmaster(const std::string& data_directory) {
  return {"sh", "-c", kFindPostmaster, "sh", data_directory};
}

std::optional<LivePostmaster> parse_postmaster(const std::string& output) {
  LivePostmaster found;
  const std::vector<std::string> lines = split_lines(output);
  if (lines.empty() || lines.back() != "end") return std::nullopt;
  for (const std::string& line : lines) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string key = line.substr(0, tab);
    const std::string value = line.substr(tab + 1);
    if (key == "process") found.process = number(value);
    if (key == "port") found.port = number(value);
    if (key == "socket") found.socket_directory = value;
    if (key == "owner") found.owner = value;
  }
  if (found.process <= 0 || found.port <= 0 || found.owner.empty()) return std::nullopt;
  if (!found.socket_directory.starts_with('/')) return std::nullopt;
  return found;
}

std::string socket_through_process(const LivePostmaster& postmaster) {
  return fmt::format("/proc/{}/root{}", postmaster.process, postmaster.socket_directory);
}

}  // namespace pgupgrade::postgres
