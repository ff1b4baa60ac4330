// As whom the servers are started that a run drives.
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {

TEST_CASE("a service whose user is a name gets files that are that user's") {
  for (const char* user : {"postgres:postgres", "postgres:999", "999:postgres"}) {
    Scene scene;
    INFO(user);
    scene.plan.targets.at(0).user = user;
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    CHECK(scene.data().at("PG_VERSION").uid == 999);
    CHECK(scene.data().at("PG_VERSION").gid == 999);
  }
}

TEST_CASE("a user that the new image does not know is refused before anything is stopped") {
  Scene scene;
  scene.plan.targets.at(0).user = "somebody";
  CHECK(
      error_of([&] { scene.start(); }) ==
      "E-USER: cannot run service \"db\" as somebody: image postgres:17 does not know such a user or group");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
