// Unlogged tables: a server that was killed recovers without their rows. The shop has one.
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kOldServer = "pgupgrade-0a1b2c3d-db-old-server";
constexpr const char* kNewServer = "pgupgrade-0a1b2c3d-db-new-server";

bool was_put_back(const Scene& scene) {
  for (const auto& [severity, text] : scene.listener.messages)
    if (text ==
        "the old server of service db was not shut down cleanly while its dump was taken: volume shop_dbdata "
        "is put back as the backup has it")
      return true;
  return false;
}

}  // namespace

TEST_CASE("a dump whose run died, and its server with it, is taken of the data as it was") {
  for (const char* place :
       {"dump:server-started", "dump:members-out", "dump:dumped", "dump:fingerprint-taken"}) {
    INFO(place);
    Scene scene;
    scene.die_at(place);
    scene.engine.kill(kOldServer);  // by a machine that went down
    scene.resume();
    CHECK(was_put_back(scene));
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("a dump whose run died alone finds its server and stops it") {
  for (const char* place : {"dump:server-started", "dump:dumped", "dump:fingerprint-taken"}) {
    INFO(place);
    Scene scene;
    scene.die_at(place);
    scene.resume();
    CHECK_FALSE(was_put_back(scene));
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("a death while the data is put back for another dump is followed by a sound end") {
  for (const bool back : {false, true}) {
    for (std::size_t at = 0;; at += is_sampled() ? 11 : 1) {
      Scene scene;
      scene.die_at("dump:dumped");
      scene.engine.kill(kOldServer);
      const bool died = !run_until_crash(scene, at, [&] { scene.resume(); }).empty();
      INFO("death at " << at << (back ? ", rolled back" : ", resumed"));
      if (!died) break;
      back ? scene.roll_back() : scene.resume();
      CHECK((back ? scene.wrong_after_rollback() : scene.wrong_after_success()) == "");
    }
  }
}

TEST_CASE("a new cluster whose server was killed is restored once more") {
  for (const char* place : {"configure:files-placed", "configure:after-done", "scram:one-converted",
                            "refresh:analyzed", "refresh:after-done", "verify:fingerprint-taken"}) {
    INFO(place);
    Scene scene;
    scene.die_at(place);
    scene.engine.kill(kNewServer);
    scene.resume();
    CHECK(scene.wrong_after_success() == "");
  }
}

}  // namespace pgupgrade::test
