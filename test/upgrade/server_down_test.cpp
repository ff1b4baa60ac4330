// Servers of the service, old and new, that go down, recover or let nobody in while a run stands still.
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {

TEST_CASE("an old server that was killed recovers before it is backed up") {
  Scene scene({.unlogged = false});
  scene.die_at("freeze:after-done");
  scene.engine.kill("shop-db-1");
  CHECK(control_state(scene.data(), ".") == "in production");
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a rollback brings back an old server that went down while its restart policy was held") {
  for (const char* place : {"freeze:one-stopped", "freeze:after-action", "freeze:after-done"}) {
    INFO(place);
    Scene scene({.unlogged = false});
    scene.die_at(place);
    scene.engine.kill("shop-db-1");  // the machine went down, say
    scene.roll_back();
    CHECK(scene.container("db").info.running());
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a rollback whose old server lets nobody in says so and starts no client") {
  Scene scene;
  scene.die_at("wipe:emptied");
  scene.engine.server_host = "nowhere";
  CHECK_THAT(
      error_of([&] { scene.roll_back(); }),
      ContainsSubstring(
          "E-OLD-SERVER: could not reach the old server of service \"db\" in container shop-db-1: it does "
          "not accept connections; last log lines: LOG:  database system is ready"));
  CHECK_FALSE(scene.container("web").info.running());
  scene.engine.server_host.clear();
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("the passwords of an old server that still recovers are tried when it has recovered") {
  Scene scene({.unlogged = false});
  scene.die_at("pull:after-done");
  scene.engine.kill("shop-db-1");
  scene.engine.start_container("shop-db-1");  // by the engine's own restart, say
  scene.container("db").server->recovered_at = scene.clock.monotonic() + std::chrono::seconds(90);
  CHECK(scene.resume().targets[0].logins_accepted == 2);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("an old server that takes too long to recover has no passwords tried") {
  Scene scene;
  scene.die_at("pull:after-done");
  scene.container("db").server->recovered_at = std::chrono::hours(1);
  CHECK(scene.resume().targets[0].logins_tried == 0);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a new server that exits fails the start with its log and the run can be undone") {
  Scene scene;
  scene.die_at("start:up");
  scene.engine.at("shop-db-1").info.restart = {};
  scene.engine.kill("shop-db-1");
  scene.data().at("base/shop.json").content = "torn";
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-START: could not start service \"db\" on postgres:17: it exited with 1; last log lines: LOG:  "
        "database "
        "system is ready to accept connections; PANIC:  could not locate a valid checkpoint record");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a new server that went down before the thaw is started again by a resume") {
  for (const char* place : {"start:after-done", "thaw:after-record", "thaw:one-started"}) {
    INFO(place);
    Scene scene({.unlogged = false});
    scene.plan.targets[0].restart = {};
    scene.die_at(place);
    scene.engine.at("shop-db-1").info.restart = {};  // nothing brings it back by itself
    scene.engine.kill("shop-db-1");
    scene.resume();
    CHECK(scene.container("db").info.running());
    CHECK(scene.wrong_after_success() == "");
  }
}

}  // namespace pgupgrade::test
