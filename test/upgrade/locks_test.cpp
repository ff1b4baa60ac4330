#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::test {
namespace {

// Another run's lock on a volume, as it stands on the engine.
std::string add_lock(Scene& scene, const std::string& volume, const std::string& holder) {
  const Mount data{.kind = MountKind::volume, .source = volume, .target = "/x"};
  docker::ContainerSpec spec{.name = upgrade::lock_container_name(data), .image = "postgres:15"};
  spec.labels = {{upgrade::kLockLabel, "other-run"},
                 {upgrade::kRunLabel, "other-run"},
                 {upgrade::kHolderLabel, holder},
                 {upgrade::kDataLabel, upgrade::data_name(data)}};
  scene.engine.create_container(spec);
  return spec.name;
}

std::string this_host() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

TEST_CASE("a second run on a volume is refused and told who holds it") {
  Scene scene;
  add_lock(scene, "shop_dbdata", "ada@elsewhere, process 7, /srv/shop/compose.yaml");
  CHECK(error_of([&] { scene.start(); }) ==
        "E-LOCKED: volume shop_dbdata is in use by ada@elsewhere, process 7, /srv/shop/compose.yaml");
  CHECK(hint_of([&] { scene.start(); }) ==
        "wait for run other-run to finish, or, when it is dead: pgupgrade resume, rollback or unlock where "
        "it was "
        "started");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
}

TEST_CASE("a lock of a run whose process is dead says so, and which command goes on") {
  Scene scene;
  const std::string dead = "ada@" + this_host() + ", process 2000000000, x";
  const std::string lock = add_lock(scene, "shop_dbdata", dead);
  CHECK(error_of([&] { scene.start(); }) ==
        fmt::format(
            "E-LOCKED: volume shop_dbdata is locked by run other-run, whose process does not run any more "
            "({})",
            dead));
  CHECK(hint_of([&] { scene.start(); }) ==
        "its state file is gone; when nobody works on it, release the lock: pgupgrade unlock");
  const auto root = scene.root / "elsewhere";
  std::filesystem::create_directories(root / "other-run");
  write_file_durably(root / "other-run/state.json", "{}");
  scene.engine.at(lock).info.labels[upgrade::kStateRootLabel] = root.string();
  CHECK(hint_of([&] { scene.start(); }) ==
        fmt::format("pgupgrade resume --state {0}, or: pgupgrade rollback --state {0}",
                    (root / "other-run/state.json").string()));
}

TEST_CASE("a lock on a volume that was made anew since is no lock") {
  Scene scene;
  const std::string lock = add_lock(scene, "shop_dbdata", "ada@elsewhere, process 7, /srv/shop/compose.yaml");
  scene.engine.at(lock).info.labels[upgrade::kVolumeLabel] = "once upon a time";
  upgrade::World world = scene.world();
  upgrade::refuse_locked_data(world, scene.plan.targets[0].data_mount);
  CHECK(scene.engine.find(lock) != nullptr);  // a look changes nothing
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a refused run keeps none of its volumes locked") {
  Scene scene({.targets = 2});
  add_lock(scene, "shop_db2data", "ada@elsewhere, process 7, /srv/shop/compose.yaml");
  CHECK_THAT(error_of([&] { scene.start(); }),
             ContainsSubstring("E-LOCKED: volume shop_db2data is in use by "));
  upgrade::World world = scene.world();
  const auto locks = upgrade::find_locks(world);
  REQUIRE(locks.size() == 1);
  CHECK(locks[0].data == "volume shop_db2data");
}

TEST_CASE("a lock whose reply was lost does not outlive the run that was refused by it") {
  Scene scene;
  scene.faulty.arm(3,
                   Fault::reply_lost);  // inspect_image, inspect_volume, inspect_container, create_container
  CHECK(error_of([&] { scene.start(); }) == "E-ENGINE-STREAM: could not read the reply to create_container");
  upgrade::World world = scene.world();
  CHECK(upgrade::find_locks(world).empty());
}

TEST_CASE("a name that the engine gives to another lock is waited for until it shows the holder or is free") {
  Scene scene;
  const Mount data{.kind = MountKind::volume, .source = "shop_dbdata", .target = "/x"};
  const std::string name = upgrade::lock_container_name(data);
  scene.engine.reserved_until[name] = scene.clock.monotonic() + std::chrono::hours(1);
  CHECK(error_of([&] { scene.start(); }) ==
        "E-LOCKED: volume shop_dbdata is in use by another run that is starting");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  scene.engine.reserved_until[name] = scene.clock.monotonic() + std::chrono::seconds(3);
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a holder that has not left its note yet is not mistaken for the one before it") {
  Scene scene;
  const std::string gone = "ada@" + this_host() + ", process 2000000000, x";
  const auto lock = upgrade::lock_state_root(scene.plan.state_root, gone, scene.clock);
  CHECK(error_of([&] { scene.start(); }) ==
        fmt::format("E-LOCKED: {} is in use by another process", scene.plan.state_root));
}

TEST_CASE("a process that goes on with a run that another began is told, and its lock is not released") {
  Scene scene;
  scene.die_at("stop-old:after-done");
  upgrade::World world = scene.world();
  auto locks = upgrade::find_locks(world);
  REQUIRE(locks.size() == 1);
  CHECK(locks[0].state_root == scene.plan.state_root);
  locks[0].holder = "ada@" + this_host() + ", process 2000000000, x";
  {
    const std::string living = "ada@" + this_host() + ", process 1, x";
    const auto working = upgrade::lock_state_root(scene.plan.state_root, living, scene.clock);
    CHECK(error_of([&] { upgrade::release_lock(locks[0], world); }) ==
          fmt::format("E-LOCK-ALIVE: cannot release the lock on volume shop_dbdata: {} still runs", living));
    CHECK(upgrade::find_locks(world).size() == 1);
    CHECK(error_of([&] { upgrade::refuse_locked_data(world, scene.plan.targets[0].data_mount); }) ==
          fmt::format("E-LOCKED: volume shop_dbdata is in use by {}", living));
  }
  upgrade::release_lock(locks[0], world);
  CHECK(upgrade::find_locks(world).empty());
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a rollback that is gone on with takes its lock again and waits for nobody else's run") {
  Scene scene;
  scene.die_at("dump:after-done");
  scene.probe.on_reach = [](const std::string& place) {
    if (place == "backup:undo-before-record") throw Crash{place};
  };
  CHECK_THROWS_AS(scene.roll_back(), Crash);
  scene.probe.on_reach = {};
  upgrade::World world = scene.world();
  for (const auto& lock : upgrade::find_locks(world)) upgrade::release_lock(lock, world);
  const std::string other =
      add_lock(scene, "shop_dbdata", "ada@elsewhere, process 7, /srv/shop/compose.yaml");
  for (const auto& go_on : {std::function<void()>([&] { scene.resume(); }), {[&] { scene.roll_back(); }}})
    CHECK(error_of(go_on) ==
          "E-LOCKED: volume shop_dbdata is in use by ada@elsewhere, process 7, /srv/shop/compose.yaml");
  scene.engine.remove_container(other);
  scene.resume();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("two processes in one state directory exclude each other") {
  Scene scene;
  const auto lock = upgrade::lock_state_root(scene.plan.state_root, "ada@here, process 7, x", scene.clock);
  CHECK(error_of([&] { scene.start(); }) ==
        fmt::format("E-LOCKED: {} is in use by ada@here, process 7, x", scene.plan.state_root));
}

TEST_CASE("who works in a state directory is told before what is unfinished there") {
  Scene scene;
  upgrade::refuse_held_state_root(scene.plan.state_root, scene.clock);
  CHECK_FALSE(std::filesystem::exists(scene.plan.state_root));
  scene.die_at("backup:after-done");
  upgrade::refuse_held_state_root(scene.plan.state_root, scene.clock);
  const auto lock = upgrade::lock_state_root(scene.plan.state_root, "ada@here, process 7, x", scene.clock);
  CHECK(error_of([&] { upgrade::refuse_held_state_root(scene.plan.state_root, scene.clock); }) ==
        fmt::format("E-LOCKED: {} is in use by ada@here, process 7, x", scene.plan.state_root));
}

TEST_CASE("a new run is refused while another of the project is unfinished") {
  Scene scene;
  scene.probe.crash_at = 40;
  CHECK_THROWS_AS(scene.start(), Crash);
  scene.probe.arm(std::nullopt);
  scene.plan.run_id = "ffffffff";
  CHECK(
      error_of([&] { scene.start(); }) ==
      fmt::format("E-UNFINISHED: cannot start: run 0a1b2c3d in {} has not finished", scene.plan.state_root));
}

TEST_CASE("the lock of a process that is gone can be released") {
  Scene scene;
  const std::string name = add_lock(scene, "shop_dbdata", "ada@" + this_host() + ", process 2000000000, x");
  upgrade::World world = scene.world();
  const auto locks = upgrade::find_locks(world);
  REQUIRE(locks.size() == 1);
  CHECK(locks[0].container == name);
  CHECK(locks[0].run_id == "other-run");
  CHECK(locks[0].data == "volume shop_dbdata");
  upgrade::release_lock(locks[0], world);
  CHECK(upgrade::find_locks(world).empty());
  scene.start();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("the lock of a process that lives is not released whoever runs it") {
  Scene scene;
  const std::string holder = "ada@" + this_host() + ", process 1, x";  // init: always there, root's
  add_lock(scene, "shop_dbdata", holder);
  upgrade::World world = scene.world();
  const auto locks = upgrade::find_locks(world);
  REQUIRE(locks.size() == 1);
  CHECK(error_of([&] { upgrade::release_lock(locks[0], world); }) ==
        fmt::format("E-LOCK-ALIVE: cannot release the lock on volume shop_dbdata: {} still runs", holder));
  CHECK(upgrade::find_locks(world).size() == 1);
}

}  // namespace pgupgrade::test
