// Strategy dump with --backup aside: the new cluster is made beside the old one, and the two change places.
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/orders.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kAside{.left_behind = false, .unlogged = false, .backup = Backup::aside};
// Of which a copy is dumped: a table is unlogged, one was put into an extension, and the server keeps marks.
const SceneOptions kCopied{.marked = true, .backup = Backup::aside};
constexpr const char* kPlace = "pgupgrade-0a1b2c3d-db-aside";
constexpr const char* kOldServer = "pgupgrade-0a1b2c3d-db-old-server";
constexpr const char* kNewServer = "pgupgrade-0a1b2c3d-db-new-server";

std::vector<std::string> steps_of(const Plan& plan) {
  std::vector<std::string> names;
  for (const StepPlan& step : plan.steps) names.push_back(step.name);
  return names;
}

// The version of the cluster in the place aside.
int version_aside(Scene& scene) {
  return version_of(scene.engine.volume(kPlace).tree, "new");
}

std::vector<std::string> places_of(const SceneOptions& options, bool back) {
  Scene scene(options);
  scene.start();
  if (!back) return scene.probe.places;
  scene.probe.arm(std::nullopt);
  scene.roll_back();
  return scene.probe.places;
}

}  // namespace

TEST_CASE("a dump with the old data kept aside has no backup and no wipe, and exchanges at the end") {
  const Scene scene(kAside);
  CHECK(steps_of(scene.plan) == std::vector<std::string>{"pull", "rehearse", "make-aside", "freeze",
                                                         "stop-old", "dump", "verify-dump", "start-new",
                                                         "restore", "configure", "scram", "refresh", "verify",
                                                         "exchange", "edit-compose", "start", "thaw"});
  CHECK(scene.plan.steps.at(2).phase == Phase::prepare);
  CHECK(scene.plan.steps.at(7).passes.empty());
}

TEST_CASE("with the old data kept aside the new cluster is proven before the two change places") {
  Scene scene(kAside);
  scene.die_at("exchange:before-exchange");
  CHECK(version_of(scene.data(), ".") == 15);
  CHECK(version_aside(scene) == 17);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
  CHECK(version_aside(scene) == 15);
  CHECK(read_cluster(scene.engine.volume(kPlace).tree, "new")->same_content(scene.original.at(0)));
}

TEST_CASE("what is said of old data that is kept aside: where it is, and no more than is so") {
  Scene scene(kAside);
  const auto report = scene.start();
  REQUIRE(report.targets.size() == 1);
  CHECK(report.targets[0].backup_file.empty());
  CHECK(report.targets[0].old_data == "volume pgupgrade-0a1b2c3d-db-aside");
  const auto state = upgrade::Journal::open_file(scene.state_file()).state();
  CHECK(upgrade::data_state(state) ==
        "upgraded and verified; the old data is kept in volume pgupgrade-0a1b2c3d-db-aside");

  Scene midway(kAside);
  midway.die_at("restore:globals-restored");
  CHECK(upgrade::data_state(upgrade::Journal::open_file(midway.state_file()).state()) ==
        "untouched, still PostgreSQL 15; the server and the applications are stopped");
}

TEST_CASE("a rollback of an upgrade with the old data aside brings it back, and a second run succeeds") {
  Scene scene(kAside);
  scene.start();
  add_order(scene);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK_FALSE(has_order(scene));
  CHECK_FALSE(scene.engine.volumes.contains(kPlace));
}

TEST_CASE("cleanup removes the old data that was kept aside, and says so before") {
  Scene scene(kAside);
  scene.start();
  auto world = scene.world();
  const auto planned = upgrade::plan_cleanup(scene.state_file(), world);
  const std::string line = std::string("volume ") + kPlace;
  CHECK(std::find(planned.removed.begin(), planned.removed.end(), line) != planned.removed.end());
  upgrade::clean_up(scene.state_file(), world);
  CHECK_FALSE(scene.engine.volumes.contains(kPlace));
  CHECK(scene.wrong_after_success() == "");
  CHECK(error_of([&] { scene.roll_back(); }) ==
        "E-CLEANED: cannot roll run 0a1b2c3d back: its old data was removed by cleanup");
}

TEST_CASE("upgrades of every layout succeed with the old data aside, and are undone") {
  for (SceneOptions options :
       {SceneOptions{.new_major = 18}, SceneOptions{.targets = 2}, SceneOptions{.clients = false},
        SceneOptions{.keep_dumps = true}, SceneOptions{.new_major = 18, .targets = 2}}) {
    for (const bool copied : {false, true}) {
      options.left_behind = options.unlogged = options.marked = copied;
      options.backup = Backup::aside;
      Scene scene(options);
      INFO(options.new_major << ", targets " << options.targets << (copied ? ", copied" : ""));
      scene.start();
      CHECK(scene.wrong_after_success() == "");
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
    }
  }
}

TEST_CASE("a run with the old data aside that dies anywhere is brought to its end, forward or back") {
  for (const SceneOptions& options : {kAside, kCopied,
                                      SceneOptions{.new_major = 18,
                                      .targets = 2,
                                      .left_behind = false,
                                      .unlogged = false,
                                      .backup = Backup::aside}}) {
    const auto places = places_of(options, false);
    REQUIRE(places.size() > 80);
    const std::size_t stride = options.targets == 1 || whole_campaign() ? 1 : 7;
    for (const bool back : {false, true}) {
      for (std::size_t at = back ? stride / 2 : 0; at < places.size(); at += stride) {
        Scene scene(options);
        const std::string place = run_until_crash(scene, at, [&] { scene.start(); });
        INFO("died at " << place << (back ? ", rolled back" : ", resumed"));
        REQUIRE(place == places[at]);
        CHECK(scene.wrong_at_crash() == "");
        back ? scene.roll_back() : scene.resume();
        CHECK((back ? scene.wrong_after_rollback() : scene.wrong_after_success()) == "");
      }
    }
  }
}

TEST_CASE("a rollback of an upgrade with the old data aside may die anywhere") {
  const auto places = places_of(kAside, true);
  REQUIRE(places.size() > 50);
  for (std::size_t at = 0; at < places.size(); ++at) {
    Scene scene(kAside);
    scene.start();
    const std::string place = run_until_crash(scene, at, [&] { scene.roll_back(); });
    INFO("died at " << place);
    REQUIRE(place == places[at]);
    CHECK(scene.wrong_at_crash() == "");
    scene.roll_back(upgrade::NewWrites::keep);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("the old server is killed with the machine while it is dumped: nothing is lost") {
  for (const SceneOptions& options : {kAside, kCopied}) {
    for (const bool back : {false, true}) {
      for (const char* place : {"dump:server-started", "dump:members-out", "dump:dumped",
                                "dump:fingerprint-taken", "dump:record-written"}) {
        INFO(place << (options.marked ? ", a copy" : "") << (back ? ", rolled back" : ", resumed"));
        Scene scene(options);
        scene.die_at(place);
        if (scene.engine.find(kOldServer) != nullptr) scene.engine.kill(kOldServer);
        CHECK(scene.wrong_at_crash() == "");
        back ? scene.roll_back() : scene.resume();
        CHECK((back ? scene.wrong_after_rollback() : scene.wrong_after_success()) == "");
      }
    }
  }
}

TEST_CASE("a new cluster in its own place whose server was killed is restored once more") {
  for (const char* place :
       {"configure:files-placed", "scram:one-converted", "refresh:after-done", "verify:fingerprint-taken"}) {
    INFO(place);
    Scene scene(kAside);
    scene.die_at(place);
    scene.engine.kill(kNewServer);
    scene.resume();
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("a table made unlogged since the plan is found before a server runs on the only copy") {
  Scene scene(kAside);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "freeze:after-done") return;
    auto cluster = read_cluster(scene.data(), ".");
    cluster->databases.at("shop").unlogged = {"public.carts"};
    write_cluster(scene.data(), ".", *cluster, scene.engine.now());
    scene.original.at(0) = *cluster;
  };
  bool served = false;
  scene.faulty.on_change = [&](const std::string& change) {
    served = served || change.find(std::string("start_container ") + kOldServer) != std::string::npos;
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-ASIDE: could not dump service \"db\": it has unlogged tables (files "
        "./base/shop/public.carts_init), and there is no other copy of their rows");
  CHECK_FALSE(served);
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("an old server that ran again after its dump is not replaced by what the dump became") {
  for (const char* place : {"verify-dump:after-done", "verify:after-done"}) {
    INFO(place);
    Scene scene(kAside);
    scene.die_at(place);
    scene.engine.start_container("shop-db-1");
    add_order(scene);
    scene.engine.stop_container("shop-db-1", std::chrono::seconds(10));
    CHECK(error_of([&] { scene.resume(); }).starts_with("E-DRIFT: "));
    scene.roll_back();
    CHECK(has_order(scene));
  }
}

TEST_CASE("an older record than the exchange never costs the old data") {
  Scene scene(kAside);
  scene.die_at("verify:after-done");
  const std::string earlier = read_file(scene.state_file());
  scene.resume();
  REQUIRE(version_aside(scene) == 15);
  write_file_durably(scene.state_file(), earlier, 0600);
  // The new cluster is looked for beside the old one, where the old one is by now.
  CHECK_FALSE(error_of([&] { scene.resume(); }).empty());
  CHECK(version_aside(scene) == 15);
  CHECK(read_cluster(scene.engine.volume(kPlace).tree, "new")->same_content(scene.original.at(0)));
}

TEST_CASE("old data that is gone with its volume keeps its dump") {
  Scene scene(kAside);
  scene.die_at("restore:after-done");
  scene.engine.remove_container("shop-db-1");
  scene.engine.volumes.erase("shop_dbdata");
  CHECK(
      error_of([&] { scene.roll_back(); }) ==
      "E-DATA-GONE: could not find the old data of volume shop_dbdata: there is no cluster of PostgreSQL 15");
  CHECK(scene.engine.volumes.contains("pgupgrade-0a1b2c3d-db-dump"));
}

TEST_CASE("data with something beside it cannot be kept aside, and nothing is stopped") {
  SceneOptions options = kAside;
  options.subdirectory = true;
  Scene scene(options);
  CHECK(error_of([&] { scene.start(); }) ==
        "E-ASIDE: volume shop_dbdata cannot change places with a new cluster: it holds more than the data "
        "directory: beside.txt");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("what a dump would write to is dumped from a copy, and the old data is not touched") {
  Scene scene(kCopied);
  CHECK(
      scene.plan.targets.at(0).aside.copied_because ==
      "it has unlogged tables, objects were moved in or out of extensions, the server keeps marks of its own "
      "in the catalogs");
  scene.die_at("dump:copied");
  CHECK(version_of(scene.engine.volume(kPlace).tree, "copy") == 15);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
  CHECK(version_of(scene.engine.volume(kPlace).tree, "copy") == 0);
  const auto old = read_cluster(scene.engine.volume(kPlace).tree, "new");
  CHECK(old->databases.at("shop").marked);
  CHECK(old->databases.at("shop").members == std::set<std::string>{"public.precious"});
  const auto state = upgrade::Journal::open_file(scene.state_file()).state();
  CHECK(upgrade::data_state(state) ==
        "upgraded and verified; the old data is untouched in volume pgupgrade-0a1b2c3d-db-aside");
}

TEST_CASE("marks that a server has made since the plan are left in it, and a new plan is asked for") {
  Scene scene(kAside);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "freeze:after-done") return;
    auto cluster = read_cluster(scene.data(), ".");
    cluster->databases.at("shop").marked = true;
    write_cluster(scene.data(), ".", *cluster, scene.engine.now());
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-ASIDE: could not dump service \"db\": its server keeps marks in the catalogs of database "
        "\"shop\", and "
        "there is no other copy to remove them from");
  CHECK(read_cluster(scene.data(), ".")->databases.at("shop").marked);
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
