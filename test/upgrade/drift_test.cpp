#include <fmt/format.h>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::test {
TEST_CASE("a resume on another engine is refused and so is a rollback") {
  Scene scene;
  scene.die_at("dump:after-done");
  scene.engine.engine_id = "ENGINE-2";
  const std::string expected =
      "E-DRIFT: cannot continue: the engine is ENGINE-2, but the run started on ENGINE-1 "
      "(unix:///var/run/docker.sock)";
  CHECK(error_of([&] { scene.resume(); }) == expected);
  CHECK(error_of([&] { scene.roll_back(); }) == expected);
  scene.engine.engine_id = "ENGINE-1";
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a plan that the world has left behind begins nothing") {
  const auto refused = [](const std::function<void(Scene&)>& meanwhile) {
    Scene scene;
    meanwhile(scene);
    const std::string error = error_of([&] { scene.start(); });
    CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
    upgrade::World world = scene.world();
    CHECK(upgrade::find_locks(world).empty());
    return error;
  };
  CHECK_THAT(refused([](Scene& scene) {
               write_file_durably(scene.compose_file(), scene.original_compose + "# mine\n", 0644);
             }),
             ContainsSubstring("compose.yaml has changed since the run started"));
  CHECK(refused([](Scene& scene) { scene.engine.remove_container("shop-db-1"); }) ==
        "E-DRIFT: cannot continue: container shop-db-1 was removed or replaced since the plan was made");
  CHECK(refused([](Scene& scene) { scene.engine.stop_container("shop-db-1", {}); }) ==
        "E-DRIFT: cannot continue: container shop-db-1 was stopped since the plan was made");
}

TEST_CASE("a transaction that was prepared since the plan is not left out of the dump unseen") {
  Scene scene;
  scene.engine.prepared_transactions = {"order 7"};
  CHECK(error_of([&] { scene.start(); }) ==
        "E-PREPARED: could not dump service \"db\": it has prepared transactions, which a dump leaves out: "
        "order 7");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a rollback starts the old image by its id when its tag names another version now, or nothing") {
  for (const bool moved : {true, false}) {
    Scene scene;
    scene.start();
    scene.engine.tags["postgres:15"] = scene.engine.tags.at("postgres:17");
    if (!moved) scene.engine.tags.erase("postgres:15");
    scene.roll_back();
    CHECK(std::count(scene.listener.codes.begin(), scene.listener.codes.end(), "W-OLD-IMAGE") == 1);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a rollback does not start another version when the old image is gone") {
  Scene scene;
  scene.start();
  const std::string old = scene.engine.tags.at("postgres:15");
  const SimulatedImage image = scene.engine.images.at(old);
  scene.engine.tags["postgres:15"] = scene.engine.tags.at("postgres:17");
  scene.engine.images.erase(old);
  CHECK(error_of([&] { scene.roll_back(); }) ==
        "E-OLD-IMAGE: could not start service \"db\" again: its image postgres:15 is PostgreSQL 17 now, and "
        "that "
        "of its data (PostgreSQL 15) is not on the engine any more");
  scene.engine.images[old] = image;
  scene.engine.tags["postgres:15"] = old;
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a volume that was made anew under its name is refused") {
  Scene scene;
  scene.die_at("dump:after-done");
  auto& info = scene.engine.volume("shop_dbdata").info;
  const std::string before = info.created_at;
  info.created_at = "later";
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DRIFT: cannot continue: volume shop_dbdata was made at later, but the run started with one of " +
            before);
}

TEST_CASE("a volume that is gone is refused") {
  Scene scene;
  scene.die_at("dump:after-done");
  scene.engine.volumes.erase("shop_dbdata");
  CHECK(error_of([&] { scene.resume(); }) == "E-DRIFT: cannot continue: volume shop_dbdata is gone");
}

TEST_CASE("a volume that is replaced after the resume has looked stops the wipe") {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "wipe:after-record") scene.engine.volume("shop_dbdata").info.created_at = "later";
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-DRIFT: cannot continue: volume shop_dbdata was made at later, but the run started with one of " +
            scene.plan.targets[0].data_volume.created_at);
  CHECK(version_of(scene.data(), ".") == 15);
}

TEST_CASE("a Compose file that was edited meanwhile is refused until it is as it was") {
  Scene scene;
  scene.die_at("dump:after-done");
  const std::string file = scene.compose_file().string();
  write_file_durably(file, scene.original_compose + "# mine\n", 0644);
  CHECK(error_of([&] { scene.resume(); }) ==
        fmt::format("E-DRIFT: cannot continue: {} has changed since the run started", file));
  write_file_durably(file, scene.original_compose, 0644);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a Compose file that is edited while the run works is not overwritten") {
  Scene scene;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "edit-compose:after-record") write_file_durably(scene.compose_file(), "mine\n", 0644);
  };
  const std::string file = scene.compose_file().string();
  CHECK(error_of([&] { scene.start(); }) ==
        fmt::format("E-COMPOSE-DRIFT: cannot edit {}: it has changed since the run started", file));
  CHECK(read_file(file) == "mine\n");
  scene.probe.on_reach = {};
  scene.roll_back();  // nothing of ours is in it, so it is left alone
  CHECK(read_file(file) == "mine\n");
  CHECK(read_cluster(scene.data(), ".")->same_content(scene.original[0]));
}

TEST_CASE("a rollback leaves an edited file alone that was changed again and names the original") {
  Scene scene;
  scene.start();
  const std::string file = scene.compose_file().string();
  write_file_durably(file, scene.edited_compose + "# mine\n", 0644);
  CHECK(error_of([&] { scene.roll_back(); }) ==
        fmt::format("E-COMPOSE-DRIFT: cannot edit {}: it has changed since the run started", file));
  CHECK(read_file(file) == scene.edited_compose + "# mine\n");
  for (const char* service : {"db", "web"})  // looked at before anything was stopped
    CHECK(scene.container(service).info.running());
  CHECK(read_file(scene.run_directory() / "original" / "0") == scene.original_compose);
  write_file_durably(file, scene.original_compose, 0644);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a new image that was tagged anew is refused") {
  Scene scene;
  scene.die_at("dump:after-done");
  SimulatedImage other = scene.engine.images.at("sha256:postgres17");
  other.info.id = "sha256:other";
  scene.engine.add_image("postgres:17", other);
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DRIFT: cannot continue: image postgres:17 is sha256:other, but the run started with "
        "sha256:postgres17");
  CHECK(hint_of([&] { scene.resume(); }) ==
        "restore the tag of the run's image: docker tag sha256:postgres17 postgres:17");
}

TEST_CASE("an old image that is gone is refused") {
  Scene scene;
  scene.die_at("dump:after-done");
  scene.engine.images.erase("sha256:postgres15");
  CHECK(error_of([&] { scene.resume(); }) ==
        "E-DRIFT: cannot continue: the old image postgres:15 (sha256:postgres15) is gone");
}

TEST_CASE("a rollback finds its way when the old image was pruned and is a rebuilt one by now") {
  for (const char* place : {"verify-dump:after-done", "wipe:emptied", "restore:globals-restored", ""}) {
    INFO(place);
    Scene scene;
    if (*place == '\0')
      scene.start();
    else
      scene.die_at(place);
    SimulatedImage rebuilt = scene.engine.images.at("sha256:postgres15");
    rebuilt.info.id = "sha256:rebuilt";
    scene.engine.registry["postgres:15"] = rebuilt;
    // docker system prune --all takes what stands still and what nothing runs on.
    for (const std::string name : {"shop-db-1", "pgupgrade-0a1b2c3d-db-old-server"}) {
      const SimulatedContainer* container = scene.engine.find(name);
      if (container != nullptr && container->info.image_id == "sha256:postgres15")
        scene.engine.remove_container(name);
    }
    for (const auto& lock : scene.engine.list_containers({.labels = {{upgrade::kLockLabel, ""}}}))
      scene.engine.remove_container(lock.id);
    scene.engine.images.erase("sha256:postgres15");
    scene.engine.tags.erase("postgres:15");
    scene.roll_back();
    CHECK(read_cluster(scene.data(), ".")->same_content(scene.original[0]));
    CHECK(scene.container("db").info.running());
    CHECK(scene.container("db").info.image_id == "sha256:rebuilt");
    CHECK(read_file(scene.compose_file()) == scene.original_compose);
  }
}

TEST_CASE("databases that came after the plan are refused before anything is dumped") {
  Scene scene;
  auto cluster = read_cluster(scene.data(), ".");
  cluster->databases["late"];
  write_cluster(scene.data(), ".", *cluster, scene.engine.now());
  CHECK(error_of([&] { scene.start(); }) ==
        "E-DATABASES-CHANGED: could not dump service \"db\": its databases have changed since the plan was "
        "made");
  scene.original[0].databases["late"];
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
