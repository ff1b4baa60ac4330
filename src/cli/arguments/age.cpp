#include "pgupgrade/cli/arguments/age.hpp"

#include <fmt/format.h>

#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

std::int64_t age_ms(const std::string& text) {
  constexpr std::int64_t kHour = 3'600'000;
  constexpr std::int64_t kMost = 100'000;
  std::int64_t count = -1;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, count);
  const std::string unit(rest, end);
  const std::int64_t hours = unit == "h" ? 1 : unit == "d" ? 24 : unit == "w" ? 7 * 24 : 0;
  if (problem != std::errc() || count < 0 || count > kMost || hours == 0)
    throw Error(ErrorKind::usage, "E-USAGE",
                fmt::format("cannot use --older-than {}: it is no age", printable(text, 100)),
                "give hours, days or weeks, such as 12h, 30d or 2w");
  return count * hours * kHour;
}

}  // namespace pgupgrade::cli
