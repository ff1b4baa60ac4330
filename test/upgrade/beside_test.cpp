// A PGDATA that names the version: the new cluster is made beside the old one, which stays until cleanup.
#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kVersioned{.versioned = true};

}  // namespace

TEST_CASE("image and PGDATA are edited together where PGDATA names the version") {
  Scene scene(kVersioned);
  CHECK(scene.target().keeps_old);
  CHECK(scene.target().old_pgdata == "/data/15");
  CHECK(scene.target().new_pgdata == "/data/17");
  REQUIRE(scene.plan.edits.size() == 2);
  CHECK(scene.plan.edits[1].old_text == "15");
  CHECK(scene.plan.edits[1].new_text == "17");
  CHECK(scene.edited_compose.find("PGDATA: /data/17\n") != std::string::npos);
}

TEST_CASE("the new cluster is made beside the old one, and going back is a switch") {
  for (SceneOptions options : {SceneOptions{}, SceneOptions{.new_major = 18}, SceneOptions{.targets = 2},
                               SceneOptions{.clients = false}, SceneOptions{.edit_files = false}}) {
    options.versioned = true;
    Scene scene(options);
    INFO(options.new_major << ", targets " << options.targets);
    const auto report = scene.start();
    CHECK(scene.wrong_after_success() == "");
    CHECK(scene.wrong_at_crash() == "");
    CHECK(exists(scene.data(), "15/PG_VERSION"));
    CHECK(report.targets[0].old_data == "/data/15 of volume shop_dbdata");
    // Whatever becomes of the backup.
    remove_tree(scene.run_directory() / "backup");
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
    CHECK(scene.data().at("beside.txt").content == "somebody's own");
  }
}

TEST_CASE("a run beside the old cluster that died anywhere is resumed, and rolled back") {
  Scene all(kVersioned);
  std::vector<std::string> places;
  all.probe.on_reach = [&](const std::string& place) { places.push_back(place); };
  all.start();
  for (std::size_t index = 0; index < places.size(); index += 5) {
    INFO(places[index]);
    for (const bool back : {false, true}) {
      Scene scene(kVersioned);
      scene.die_at(places[index]);
      CHECK(scene.wrong_at_crash() == "");
      if (!std::filesystem::exists(scene.state_file())) break;
      if (back) {
        scene.roll_back();
        CHECK(scene.wrong_after_rollback() == "");
      } else {
        scene.resume();
        CHECK(scene.wrong_after_success() == "");
      }
    }
  }
}

TEST_CASE("what is said of the old data is where it stands") {
  Scene scene(kVersioned);
  scene.die_at("restore:after-record");
  CHECK(upgrade::data_state(upgrade::Journal::open_file(scene.state_file()).state()) ==
        "the old data (PostgreSQL 15) is untouched: /data/15 of volume shop_dbdata; the new cluster is not "
        "complete; the applications are stopped");
}

TEST_CASE("an old server that ran while the new cluster was made stops the run before the files are edited") {
  Scene scene(kVersioned);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "verify:after-done") return;
    scene.engine.start_container("shop-db-1");
    scene.engine.stop_container("shop-db-1", {});
  };
  CHECK(error_of([&] { scene.start(); })
            .starts_with("E-DRIFT: cannot continue: container shop-db-1 was "
                         "started again"));
  scene.probe.on_reach = {};
  CHECK(read_file(scene.compose_file()) == scene.original_compose);
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("what is in the new directory already is nobody's to remove") {
  Scene scene(kVersioned);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "verify-dump:after-done") put_file(scene.data(), "17/mine.txt", "mine", 0600, 0, 0, 1);
  };
  CHECK(error_of([&] { scene.start(); }) ==
        "E-NEW-DIRECTORY: cannot continue: /data/17 of volume shop_dbdata is to have the new cluster, and "
        "something is in it");
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.data().at("17/mine.txt").content == "mine");
  scene.data().erase("17/mine.txt");
  scene.data().erase("17");
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a cluster in the new directory is refused by the plan") {
  Scene scene(kVersioned);
  put_file(scene.data(), "17/PG_VERSION", "17\n", 0600, 999, 999, 1);
  const auto planned = planning::make_plan(scene.request(), scene.observe(), "0a1b2c3d", "0.1.0");
  CHECK_FALSE(planned.ok);
  REQUIRE_FALSE(planned.diagnostics.empty());
  CHECK(planned.diagnostics.front().code == "E-NEW-DIRECTORY");
}

TEST_CASE("cleanup removes the old cluster that the new one was made beside, unless a container uses it") {
  Scene scene(kVersioned);
  scene.start();
  auto world = scene.world();
  const auto planned = upgrade::plan_cleanup(scene.state_file(), world);
  CHECK(std::find(planned.removed.begin(), planned.removed.end(),
                  "/data/15 of volume shop_dbdata, the old cluster of PostgreSQL 15") !=
        planned.removed.end());
  auto& environment = scene.container("db").info.environment;
  environment.push_back("PGDATA=/data/15");
  const auto refused = upgrade::clean_up(scene.state_file(), world);
  CHECK(refused.kept ==
        std::vector<std::string>{"/data/15 of volume shop_dbdata: it is the PGDATA of shop-db-1"});
  CHECK(exists(scene.data(), "15/PG_VERSION"));
  environment.pop_back();
  upgrade::clean_up(scene.state_file(), world);
  CHECK_FALSE(exists(scene.data(), "15"));
  CHECK(exists(scene.data(), "17/PG_VERSION"));
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("cleanup after a rollback leaves the old cluster that serves again") {
  Scene scene(kVersioned);
  scene.start();
  scene.roll_back();
  auto world = scene.world();
  upgrade::clean_up(scene.state_file(), world);
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
