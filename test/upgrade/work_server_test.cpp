// With which settings, and as whom, the servers are started that a run drives.
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

// VALUE of each `-c max_locks_per_transaction=VALUE` that the old server's work container was given.
std::vector<std::string> locks_of_old_server(Scene& scene) {
  std::vector<std::string> values;
  scene.probe.on_reach = [&](const std::string& reached) {
    if (reached != "dump:server-started") return;
    const std::string name = "max_locks_per_transaction=";
    for (const std::string& word : scene.engine.at("pgupgrade-0a1b2c3d-db-old-server").info.command)
      if (word.starts_with(name)) values.push_back(word.substr(name.size()));
  };
  scene.start();
  return values;
}

void set_locks(Scene& scene, const std::string& value) {
  scene.plan.targets.at(0).inventory.settings.push_back({.name = "max_locks_per_transaction",
                                                         .value = value,
                                                         .origin = SettingFacts::Origin::configuration_file});
}

}  // namespace

TEST_CASE("a work server may lock very many tables and more where the old server allowed that") {
  Scene small;
  set_locks(small, "64");
  CHECK(locks_of_old_server(small) == std::vector<std::string>{"1024"});
  Scene large;
  set_locks(large, "5000");
  CHECK(locks_of_old_server(large) == std::vector<std::string>{"5000"});
}

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
  CHECK(error_of([&] { scene.start(); }) ==
        "E-USER: could not run service \"db\" as somebody: image postgres:17 does not know such a user or "
        "group");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
