#include "pgupgrade/cli/text/error_text.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/process/signals.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kLimit = 2000;

// A labelled text that may have several lines; all of them start in the same column.
std::string labelled(std::string_view label, std::string_view text) {
  std::string result;
  for (const std::string& line : split_lines(text)) {
    result += fmt::format("  {}{}\n", pad_right(result.empty() ? fmt::format("{}:", label) : "", 11),
                          printable(line, kLimit));
  }
  return result;
}

}  // namespace

std::string error_text(const Error& error, const Situation& situation, const Style& style) {
  std::string text;
  for (const std::string& line : split_lines(error.what())) {
    if (text.empty())
      text = paint(style, Color::red, fmt::format("error[{}]:", printable(error.code()))) + " " +
             printable(line, kLimit) + "\n";
    else
      text += "  " + printable(line, kLimit) + "\n";
  }
  for (const std::string& context : error.context()) text += labelled("while", context);
  text += labelled("your data", situation.data);
  if (!situation.log.empty()) text += labelled("log", situation.log);
  if (!error.hint().empty()) text += labelled("hint", error.hint());
  for (std::size_t i = 0; i < situation.next.size(); ++i)
    text += labelled(i == 0 ? (error.hint().empty() ? "next" : "then") : "or", situation.next[i]);
  return text;
}

int exit_code(const Error& error, RunStanding standing, int signal_number) {
  if (error.moment() == Moment::going_back) return 9;
  switch (error.kind()) {
    case ErrorKind::internal:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::refused:
      if (error.moment() == Moment::outside) return 3;
      [[fallthrough]];
    case ErrorKind::failed:
      return standing == RunStanding::none ? 3 : standing == RunStanding::rolled_back ? 4 : 5;
    case ErrorKind::difference:
      return 6;
    case ErrorKind::locked:
      return 7;
    case ErrorKind::engine_unreachable:
      return 8;
    case ErrorKind::interrupted:
      return exit_code_of_signal(signal_number);
  }
  return 1;
}

bool is_failure_of_run(const Error& error) {
  return error.kind() == ErrorKind::failed || error.kind() == ErrorKind::difference ||
         (error.kind() == ErrorKind::refused && error.moment() == Moment::midway);
}

}  // namespace pgupgrade::cli
