#include "pgupgrade/cli/arguments/age.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

TEST_CASE("an age is a number of hours, days or weeks") {
  constexpr std::int64_t kHour = 3'600'000;
  CHECK(age_ms("12h") == 12 * kHour);
  CHECK(age_ms("30d") == 30 * 24 * kHour);
  CHECK(age_ms("2w") == 14 * 24 * kHour);
  CHECK(age_ms("0h") == 0);
}

TEST_CASE("what is no age is refused") {
  for (const char* text :
       {"", "30", "d", "-1d", "1.5d", "30 d", "30m", "30days", "99999999999d", "200000h"}) {
    INFO(text);
    CHECK_THROWS_AS(age_ms(text), Error);
  }
}
