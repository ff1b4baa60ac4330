// Strategy warm: a copy of the running server becomes the new cluster, and the old data is not touched.
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kWarmScene{.unlogged = false, .strategy = "warm"};

Tree aside_new(Scene& scene) {
  Tree part;
  for (const auto& [path, node] : scene.engine.volume(scene.target().aside.mount.source).tree)
    if (path == "new" || path.starts_with("new/")) part[path == "new" ? "." : path.substr(4)] = node;
  return part;
}

void compare_rows(Scene& scene, Verify verify) {
  scene.plan.verify = verify;
  upgrade::add_steps(scene.plan);
}

}  // namespace

TEST_CASE("a warm upgrade ends with the new version, and the old data untouched beside it") {
  Scene scene(kWarmScene);
  compare_rows(scene, Verify::full);
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  REQUIRE(report.targets.size() == 1);
  CHECK(report.targets[0].rows == 45);  // that of the table which an extension owns is counted by itself
  CHECK(report.targets[0].backup_file.empty());
  CHECK(report.targets[0].old_data == "volume pgupgrade-0a1b2c3d-db-aside");
  CHECK(tree_differences(scene.when_stopped.at("shop_dbdata"), aside_new(scene)) == "");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a warm upgrade reads the state of its data out of its points") {
  Scene scene(kWarmScene);
  scene.die_at("exchange:exchanged");
  const auto journal = upgrade::Journal::open_file(scene.state_file());
  CHECK(upgrade::data_state(journal.state()) ==
        "upgraded and verified but for the rows, the old data (PostgreSQL 15) is kept, in its place or in "
        "volume "
        "pgupgrade-0a1b2c3d-db-aside; the applications are stopped");
}

TEST_CASE("a warm run may leave the rows unread and says so, and a dump may not") {
  Scene scene(kWarmScene);
  compare_rows(scene, Verify::catalog);
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK_FALSE(report.targets.at(0).rows_compared);

  Scene dump;
  auto request = dump.request();
  request.verify = Verify::catalog;
  const auto planned = planning::make_plan(request, dump.observe(), "0a1b2c3d", "0.1.0");
  CHECK_FALSE(planned.ok);
  CHECK(planned.diagnostics.front().code == "E-VERIFY");
}

TEST_CASE("cleanup after a warm upgrade removes the old data, and says so before") {
  Scene scene(kWarmScene);
  scene.start();
  auto world = scene.world();
  const auto planned = upgrade::plan_cleanup(scene.state_file(), world);
  CHECK(std::find(planned.removed.begin(), planned.removed.end(), "volume pgupgrade-0a1b2c3d-db-aside") !=
        planned.removed.end());
  upgrade::clean_up(scene.state_file(), world);
  CHECK_FALSE(scene.engine.volumes.contains("pgupgrade-0a1b2c3d-db-aside"));
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("warm upgrades of every layout succeed and are undone") {
  for (SceneOptions options : {SceneOptions{.new_major = 18}, SceneOptions{.targets = 2},
                               SceneOptions{.clients = false}, SceneOptions{.new_major = 18, .targets = 2}}) {
    options.unlogged = false;
    options.strategy = "warm";
    Scene scene(options);
    INFO(options.new_major << ", targets " << options.targets);
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("data with something of somebody else's beside it cannot change places, and nothing is stopped") {
  Scene scene({.unlogged = false, .strategy = "warm", .subdirectory = true});
  CHECK(error_of([&] { scene.start(); }) ==
        "E-ASIDE: volume shop_dbdata cannot change places with a new cluster: it holds more than the data "
        "directory: "
        "beside.txt");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("unlogged tables are a reason against a warm upgrade, with the statement that cures it") {
  Scene scene;
  auto request = scene.request();
  request.strategy = "warm";
  auto world = scene.world();
  const Facts facts =
      upgrade::observe(request, world, "unix:///var/run/docker.sock", [](const std::string&) {});
  const auto planned = planning::make_plan(request, facts, "0a1b2c3d", "0.1.0");
  CHECK_FALSE(planned.ok);
  REQUIRE(planned.diagnostics.front().code == "E-WARM");
  CHECK(planned.diagnostics.front().message ==
        "service db cannot be copied while it runs: a copy has the rows of no unlogged table: "
        "shop.public.carts");
  CHECK(planned.diagnostics.front().hint == "ALTER TABLE … SET LOGGED, or use --strategy dump");
}

TEST_CASE("a copy that has not received everything is given up, and the old server serves again") {
  Scene scene(kWarmScene);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "stop-old:before-signal") scene.engine.remove_container("pgupgrade-0a1b2c3d-db-old-server");
  };
  CHECK(error_of([&] { scene.start(); }).starts_with("E-STANDBY-BEHIND: "));
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("an old server that ran again after its copy was completed is not replaced by the copy") {
  Scene scene(kWarmScene);
  scene.die_at("convert:after-done");
  scene.engine.start_container("shop-db-1");
  scene.engine.stop_container("shop-db-1", std::chrono::seconds(10));
  CHECK(error_of([&] { scene.resume(); }).starts_with("E-DRIFT: "));
  scene.roll_back();
}

TEST_CASE("a standby that has missed something is copied anew before anything stops") {
  Scene scene(kWarmScene);
  scene.die_at("check-upgrade:after-done");
  scene.engine.remove_container("pgupgrade-0a1b2c3d-db-old-server");
  scene.engine.volume(scene.target().aside.mount.source).tree.erase("copy/standby.signal");
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

}  // namespace pgupgrade::test
