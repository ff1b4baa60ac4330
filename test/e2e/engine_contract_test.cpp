#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/docker/connect.hpp"
#include "support/catch.hpp"
#include "support/contract/contract.hpp"

namespace pgupgrade::test {

TEST_CASE("the real engine keeps the contract of the engine") {
  const Cancellation cancellation;
  SystemClock clock;
  const auto engine =
      docker::connect(docker::find_endpoint(current_environment()), current_environment(), cancellation);
  hold_to_contract({.engine = *engine, .clock = clock, .image = "pgupgrade-fixture/postgres:17"});
}

}  // namespace pgupgrade::test
