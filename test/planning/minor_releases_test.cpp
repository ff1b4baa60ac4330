#include "planning/minor_releases.hpp"

#include "support/catch.hpp"

using pgupgrade::planning::is_released_before;

TEST_CASE("releases of two majors are compared by their days") {
  CHECK(is_released_before("18.0", "17.7"));
  CHECK_FALSE(is_released_before("18.1", "17.7"));  // of one day
  CHECK_FALSE(is_released_before("17.7", "18.0"));
  CHECK(is_released_before("17.0", "12.21"));
  CHECK(is_released_before("16.4", "13.20"));
  CHECK_FALSE(is_released_before("17.6", "10.23"));
}

TEST_CASE("releases that are newer than the list are counted on from it") {
  CHECK(is_released_before("18.5", "17.12"));
  CHECK_FALSE(is_released_before("18.6", "17.12"));
  CHECK(is_released_before("18.1", "15.18"));
  CHECK_FALSE(is_released_before("17.12", "15.18"));
  CHECK_FALSE(is_released_before("19.0", "17.8"));
}

TEST_CASE("of what is no release nothing is said") {
  for (const char* version : {"", "18", "18beta1", "18.x", "9.6", "devel"}) {
    CHECK_FALSE(is_released_before(version, "17.7"));
    CHECK_FALSE(is_released_before("17.0", version));
  }
}
