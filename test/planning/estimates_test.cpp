#include "pgupgrade/planning/estimates.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::planning;

static constexpr std::int64_t kMiB = std::int64_t{1} << 20;
static constexpr std::int64_t kGiB = std::int64_t{1} << 30;

TEST_CASE("an empty cluster needs room for its catalogs only") {
  REQUIRE(backup_bytes(0) == 128 * kMiB);
  REQUIRE(dump_bytes(0) == 64 * kMiB);
  REQUIRE(restore_extra_bytes(0) == 256 * kMiB);
  REQUIRE(downtime_ms(0, 0, 1) == 20'000);
}

TEST_CASE("space grows with the data and WAL with it up to its limit") {
  REQUIRE(backup_bytes(100 * kMiB) == 328 * kMiB);
  REQUIRE(backup_bytes(40 * kGiB) == 41 * kGiB + 128 * kMiB);
  REQUIRE(dump_bytes(40 * kGiB) == 60 * kGiB + 64 * kMiB);
  REQUIRE(restore_extra_bytes(8 * kGiB) == 6 * kGiB + 256 * kMiB);
  REQUIRE(restore_extra_bytes(400 * kGiB) == 116 * kGiB + 256 * kMiB);
}

TEST_CASE("the estimate of the measured upgrade is above what was measured") {
  // 33.6 s for 1.5 GB with two jobs, without reading everything again to prove it.
  REQUIRE(downtime_ms(1'500'000'000, 4, 2) == 20'000 + 120 + 77'700);
}

TEST_CASE("more jobs shorten the shared part only and more than eight nothing") {
  REQUIRE(downtime_ms(10'000'000'000, 0, 1) == 20'000 + 852'000);
  REQUIRE(downtime_ms(10'000'000'000, 0, 4) == 20'000 + 351'000);
  REQUIRE(downtime_ms(10'000'000'000, 0, 8) == 20'000 + 267'500);
  REQUIRE(downtime_ms(10'000'000'000, 0, 64) == downtime_ms(10'000'000'000, 0, 8));
  REQUIRE(downtime_ms(10'000'000'000, 0, 0) == downtime_ms(10'000'000'000, 0, 1));
}

TEST_CASE("a cluster of a hundred terabytes does not overflow the estimates") {
  constexpr std::int64_t kHuge = 100'000'000'000'000;
  REQUIRE(downtime_ms(kHuge, 1'000'000, 1) == 20'000 + 30'000'000 + 8'520'000'000);
  REQUIRE(dump_bytes(kHuge) == kHuge / 2 * 3 + 64 * kMiB);
}
