#include "pgupgrade/postgres/user_script.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::array<std::string_view, 5> kBegins = {"begin;", "begin transaction", "begin work",
                                                     "start transaction", kNoTransaction};
constexpr std::array<std::string_view, 6> kLeaves = {"\\connect", "\\c",  "\\include_relative",
                                                     "\\include", "\\ir", "\\i"};

bool starts_with_command(std::string_view text, std::string_view command) {
  if (!text.starts_with(command)) return false;
  const std::string_view rest = text.substr(command.size());
  return rest.empty() || rest.front() == ' ' || rest.front() == '\t';
}

}  // namespace

bool sees_to_transactions(const std::string& script) {
  const auto lines = split_lines(script);
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    const std::string text = lower(std::string(trim(line)));
    return std::any_of(kBegins.begin(), kBegins.end(),
                       [&](std::string_view begin) { return text.starts_with(begin); });
  });
}

// At the beginning of a line, or behind a statement's end.
LeavingLine leaving_line(const std::string& script) {
  std::size_t number = 0;
  for (const std::string& line : split_lines(script)) {
    ++number;
    for (const std::string& part : split_list(line, ";"))
      for (const std::string_view command : kLeaves)
        if (starts_with_command(trim(part), command))
          return {.number = number, .command = std::string(command)};
  }
  return {};
}

std::string line_of(const std::string& script, int number) {
  constexpr std::size_t kShown = 200;
  const auto lines = split_lines(script);
  const bool is_there = number > 0 && static_cast<std::size_t>(number) <= lines.size();
  if (!is_there) return {};
  const std::string line(trim(lines[static_cast<std::size_t>(number) - 1]));
  return printable(without_passwords(line.substr(0, 4 * kShown)), kShown);
}

}  // namespace pgupgrade::postgres
