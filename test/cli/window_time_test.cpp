#include "pgupgrade/cli/arguments/window_time.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

constexpr std::int64_t kNow = 1'764'000'000'000;  // 2025-11-24 16:00:00 UTC
constexpr std::int64_t kHour = 3'600'000;

std::string refusal(const std::string& text, std::int64_t now = kNow) {
  try {
    window_time(text, now);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.code() == "E-AT");
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a window is the next local time of that name, or that of the day that is named") {
  const pgupgrade::test::Variable zone("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(window_time("17:30", kNow) == kNow + kHour / 2);  // 17:00 there
  CHECK(window_time("17:00", kNow) == kNow + 24 * kHour);
  CHECK(window_time("03:00", kNow) == kNow + 10 * kHour);
  CHECK(window_time("2025-12-01T03:00", kNow) == kNow + (6 * 24 + 10) * kHour);
  CHECK(window_time("2025-12-01 03:00", kNow) == window_time("2025-12-01T03:00", kNow));
  constexpr std::int64_t kBeforeSummer = 1'774'731'600'000;  // 2026-03-28 22:00 there
  CHECK(window_time("03:00", kBeforeSummer) == kBeforeSummer + 4 * kHour);
  CHECK(refusal("2026-03-29T02:30", kBeforeSummer) ==
        "cannot use --at 2026-03-29T02:30: there is no such day, or clocks skip that time");
}

TEST_CASE("what is no time to wait for is refused") {
  CHECK(refusal("") == "cannot use --at : it is no time");
  CHECK(refusal("3") == "cannot use --at 3: it is no time");
  CHECK(refusal("3:00") == "cannot use --at 3:00: it is no time");
  CHECK(refusal("03:00:00") == "cannot use --at 03:00:00: it is no time");
  CHECK(refusal("24:00") == "cannot use --at 24:00: no clock shows it");
  CHECK(refusal("12:60") == "cannot use --at 12:60: no clock shows it");
  CHECK(refusal("2026-02-30T03:00") ==
        "cannot use --at 2026-02-30T03:00: there is no such day, or clocks skip that time");
  CHECK(refusal("2025-11-24T01:00") == "cannot use --at 2025-11-24T01:00: it is past");
  CHECK(refusal("2026-13-01T03:00") ==
        "cannot use --at 2026-13-01T03:00: there is no such day, or clocks skip that time");
}
