// What clients write to a new server, and a rollback that would lose it.
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/orders.hpp"

namespace pgupgrade::test {

TEST_CASE("what a client wrote to a new server that was not proven yet is not lost unasked") {
  for (const char* place : {"start:up", "start:healthy", "start:before-done"}) {
    INFO(place);
    Scene scene;
    scene.die_at(place);
    add_order(scene);
    CHECK(error_of([&] { scene.roll_back(upgrade::NewWrites::keep); }) ==
          "E-NEW-WRITES: cannot roll run 0a1b2c3d back without losing what was written to the new server "
          "since it "
          "was started");
    CHECK(has_order(scene));
    scene.roll_back(upgrade::NewWrites::discard);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a new server to which nobody has written is undone without asking") {
  for (const char* place : {"start:after-record", "start:up", "start:healthy", "start:before-done"}) {
    INFO(place);
    Scene scene;
    scene.die_at(place);
    scene.roll_back(upgrade::NewWrites::keep);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a rollback that is refused for new writes leaves the new server as it found it") {
  Scene scene;
  scene.die_at("start:healthy");
  add_order(scene);
  CHECK_THAT(error_of([&] { scene.roll_back(upgrade::NewWrites::keep); }), ContainsSubstring("E-NEW-WRITES"));
  CHECK(scene.container("db").info.running());
  CHECK(scene.container("db").info.restart == scene.target().restart);
  scene.engine.set_restart_policy("shop-db-1", {});  // as by a rollback that died in between
  scene.resume();
  CHECK(scene.container("db").info.restart == scene.target().restart);
  CHECK(has_order(scene));
}

TEST_CASE("what was written to a new server that others had started before the run did is not lost unasked") {
  Scene scene;
  scene.die_at("edit-compose:after-done");
  scene.compose.up(scene.plan.location, {"db"}, std::chrono::minutes(1));
  add_order(scene);
  CHECK_THAT(error_of([&] { scene.roll_back(upgrade::NewWrites::keep); }), ContainsSubstring("E-NEW-WRITES"));
  CHECK(has_order(scene));
}

}  // namespace pgupgrade::test
