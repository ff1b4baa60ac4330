#include "support/catch.hpp"
#include "support/contract/contract.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {

TEST_CASE("the simulated engine keeps the contract of the engine") {
  SimulatedClock clock;
  SimulatedEngine engine(clock);
  SimulatedImage image;
  image.major = 17;
  image.version = "17.6";
  image.info.id = "sha256:postgres17";
  image.info.entrypoint = {"docker-entrypoint.sh"};
  image.info.command = {"postgres"};
  image.info.environment = {"PGDATA=/var/lib/postgresql/data", "PG_MAJOR=17"};
  image.info.volumes = {"/var/lib/postgresql/data"};
  engine.add_image("postgres:17", image);
  hold_to_contract({.engine = engine, .clock = clock, .image = "postgres:17"});
  CHECK(engine.violations.empty());
}

}  // namespace pgupgrade::test
