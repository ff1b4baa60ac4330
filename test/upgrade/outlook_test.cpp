// What a run says of the user's data and of the way on, and what cleanup removes.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

using Words = std::vector<std::string>;

struct Row {
  const char* place;
  const char* data;
  std::string rollback = "pgupgrade rollback";
};

const Row kRows[] = {
    {"begin:locked", "untouched, still PostgreSQL 15; the applications run"},
    {"pull:after-done", "untouched, still PostgreSQL 15; the applications run"},
    {"freeze:after-record", "untouched, still PostgreSQL 15; the applications are stopped"},
    {"freeze:after-done", "untouched, still PostgreSQL 15; the applications are stopped"},
    {"stop-old:after-record", "untouched, still PostgreSQL 15; the server and the applications are stopped"},
    {"verify-dump:after-done", "untouched, still PostgreSQL 15; the server and the applications are stopped"},
    {"wipe:after-record", "untouched, still PostgreSQL 15; the server and the applications are stopped"},
    {"wipe:emptied",
     "the old data (PostgreSQL 15) is in the verified backup and the verified dump; the new cluster is not "
     "complete; the applications are stopped"},
    {"refresh:after-done",
     "the old data (PostgreSQL 15) is in the verified backup and the verified dump; the new cluster is not "
     "complete; the applications are stopped"},
    {"verify:after-done",
     "upgraded and verified, the old data (PostgreSQL 15) is in the verified backup; the applications are "
     "stopped"},
    {"thaw:after-done",
     "upgraded and verified, the old data (PostgreSQL 15) is in the verified backup; the applications run",
     "pgupgrade rollback --discard-new-writes"},
};

RunState state_of(const Scene& scene) {
  return upgrade::Journal::open_file(scene.state_file()).state();
}

}  // namespace

TEST_CASE("the state of the data is told rightly wherever a run stops") {
  for (const Row& row : kRows) {
    Scene scene;
    scene.die_at(row.place);
    INFO("stopped at " << row.place);
    CHECK(upgrade::data_state(state_of(scene)) == row.data);
    const std::string suffix = " --state " + scene.state_file().string();
    CHECK(upgrade::next_commands(state_of(scene), scene.state_file()) ==
          Words{"pgupgrade resume" + suffix, row.rollback + suffix});
  }
}

TEST_CASE("the state of the data and the way on are told after the end") {
  Scene scene;
  scene.start();
  const std::string suffix = " --state " + scene.state_file().string();
  CHECK(upgrade::data_state(state_of(scene)) == "upgraded and verified; the old data is in the backup");
  CHECK(upgrade::next_commands(state_of(scene), scene.state_file()) ==
        Words{"pgupgrade cleanup" + suffix, "pgupgrade rollback --discard-new-writes" + suffix});
  scene.probe.on_reach = [](const std::string& place) {
    if (place == "wipe:undo-before-record") throw Crash{place};
  };
  CHECK_THROWS_AS(scene.roll_back(), Crash);
  CHECK(upgrade::next_commands(state_of(scene), scene.state_file()) == Words{"pgupgrade rollback" + suffix});
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(upgrade::data_state(state_of(scene)) == "as before the run, PostgreSQL 15");
  CHECK(upgrade::next_commands(state_of(scene), scene.state_file()) == Words{"pgupgrade cleanup" + suffix});
}

TEST_CASE("an interrupted rollback stops before its next step and is gone on with") {
  Scene scene;
  scene.die_at("verify:after-done");
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "refresh:undo-after-record") scene.cancellation.request(2);
  };
  CHECK_THAT(error_of([&] { scene.roll_back(); }), ContainsSubstring("E-INTERRUPTED"));
  CHECK(scene.probe.places.back() == "refresh:undo-after-done");
  scene.cancellation.request(0);
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("cleanup removes what it says and nothing else") {
  Scene scene;
  scene.start();
  upgrade::World world = scene.world();
  const auto planned = upgrade::plan_cleanup(scene.state_file(), world);
  CHECK(scene.engine.volumes.contains("pgupgrade-0a1b2c3d-db-dump"));
  CHECK(std::filesystem::exists(scene.run_directory() / "backup" / "db.tar.zst"));
  Words names;
  for (const std::string& line : planned.removed) names.push_back(line.substr(0, line.find(" (")));
  std::sort(names.begin(), names.end());
  const std::string run = scene.run_directory().string();
  CHECK(names == Words{run + "/backup", run + "/carried", run + "/dump-db.json",
                       run + "/fingerprint-db-new.json", run + "/fingerprint-db-old.json",
                       run + "/old-cluster-db.json", run + "/original", "volume pgupgrade-0a1b2c3d-db-dump"});
  CHECK(planned.freed_bytes > 0);
  const auto done = upgrade::clean_up(scene.state_file(), world);
  CHECK(done.removed == planned.removed);
  CHECK_FALSE(scene.engine.volumes.contains("pgupgrade-0a1b2c3d-db-dump"));
  Words left;
  for (const auto& entry : std::filesystem::directory_iterator(run))
    left.push_back(entry.path().filename().string());
  std::sort(left.begin(), left.end());
  CHECK(left == Words{"state.json", "state.json.previous"});
  CHECK(scene.wrong_after_success() == "");
  CHECK(state_of(scene).outcome == RunOutcome::cleaned);
  CHECK(upgrade::data_state(state_of(scene)) ==
        "upgraded and verified; the backup of the old data was removed");
  CHECK(upgrade::next_commands(state_of(scene), scene.state_file()).empty());
  CHECK(error_of([&] { scene.roll_back(); }) ==
        "E-CLEANED: cannot roll run 0a1b2c3d back: its backup was removed by cleanup");
  CHECK(upgrade::clean_up(scene.state_file(), world).removed.empty());
}

TEST_CASE("cleanup of an unfinished run is refused") {
  Scene scene;
  scene.probe.crash_at = 60;
  CHECK_THROWS_AS(scene.start(), Crash);
  scene.probe.arm(std::nullopt);
  upgrade::World world = scene.world();
  const std::string expected =
      "E-UNFINISHED: cannot clean up: run 0a1b2c3d is unfinished, and its backup may be the only copy";
  CHECK(error_of([&] { upgrade::plan_cleanup(scene.state_file(), world); }) == expected);
  CHECK(error_of([&] { upgrade::clean_up(scene.state_file(), world); }) == expected);
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("what a stopped run has left on the engine is listed") {
  Scene scene;
  scene.die_at("dump:server-started");
  upgrade::World world = scene.world();
  Words lines = upgrade::leftovers("0a1b2c3d", world);
  std::sort(lines.begin(), lines.end());
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "container pgupgrade-0a1b2c3d-db-old-server (running)");
  CHECK_THAT(lines[1], ContainsSubstring("container pgupgrade-lock-"));
  CHECK(lines[2] == "volume pgupgrade-0a1b2c3d-db-dump");
  CHECK(upgrade::leftovers("other", world).empty());
}

TEST_CASE("the plan lists its steps with what each does and its sign") {
  Scene scene;
  Words lines;
  for (const auto& step : upgrade::planned_steps(scene.plan)) {
    lines.push_back(fmt::format("{} {} {}|{}", step.number, step.sign, step.name, step.description));
  }
  CHECK(lines ==
        Words{"1   pull|postgres:17", "2   rehearse|3 databases on PostgreSQL 17, before anything stops",
              "3   freeze|shop-tool-1, shop-web-1, shop-worker-1", "4   stop-old|shop-db-1",
              "5   backup|volume shop_dbdata", "6   verify-backup|volume shop_dbdata",
              "7   dump|3 databases, 2 jobs", "8   verify-dump|3 databases",
              "9 - wipe|volume shop_dbdata (backup and dump verified before)",
              "10   start-new|PostgreSQL 17 in /var/lib/postgresql/data, isolated",
              "11   restore|3 databases, 2 jobs", "12   configure|pg_hba.conf, pg_ident.conf, settings",
              "13   scram|2 passwords", "14   refresh|ANALYZE, collations, extensions",
              "15   verify|fingerprint, old against new", "16 ~ edit-compose|compose.yaml:5  15 → 17",
              "17   start|service db on postgres:17", "18   thaw|shop-web-1, shop-worker-1"});
}

}  // namespace pgupgrade::test
