// A run in three parts: the dump, the wipe and the load, each when it is asked for.
#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

RunState state_of(const Scene& scene) {
  return upgrade::Journal::open_file(scene.state_file()).state();
}

std::vector<std::string> next(const Scene& scene) {
  return upgrade::next_commands(state_of(scene), "s");
}

// What is to be typed, at each part, until the run has ended; a part that was cut off is asked for again.
void go_on_by_parts(Scene& scene) {
  const Until halt = halted_at(state_of(scene));
  if (halt == Until::end || halt == Until::prepared) scene.resume();
  if (halted_at(state_of(scene)) == Until::dumped) scene.carry_on(Until::wiped);
  if (halted_at(state_of(scene)) == Until::wiped) scene.carry_on(Until::end);
}

void all_parts(Scene& scene) {
  scene.start(Until::dumped);
  scene.carry_on(Until::wiped);
  scene.carry_on(Until::end);
}

const std::vector<SceneOptions> kScenes = {
    {}, {.targets = 2}, {.new_major = 18, .keep_dumps = true}, {.hooks = {.before_freeze = "echo now"}}};

}  // namespace

TEST_CASE("a run halts with the old data untouched, then with it wiped, and ends as in one go") {
  for (const SceneOptions& options : kScenes) {
    INFO("to " << options.new_major << ", targets " << options.targets);
    Scene scene(options);
    CHECK(scene.start(Until::dumped).halt == Until::dumped);
    CHECK(upgrade::data_state(state_of(scene)) ==
          "untouched, still PostgreSQL 15; the server and the applications are stopped");
    CHECK(next(scene) ==
          std::vector<std::string>{"pgupgrade wipe --state s", "pgupgrade rollback --state s"});
    CHECK_FALSE(scene.container("db").info.running());
    CHECK(scene.wrong_at_crash() == "");
    CHECK(scene.carry_on(Until::wiped).halt == Until::wiped);
    CHECK(next(scene) ==
          std::vector<std::string>{"pgupgrade load --state s", "pgupgrade rollback --state s"});
    CHECK(passed(state_of(scene), Point::replaces_data));
    CHECK_FALSE(begun(state_of(scene), Point::fills_place));
    CHECK(scene.carry_on(Until::end).outcome == RunOutcome::succeeded);
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("what has halted is undone as any run is") {
  for (const SceneOptions& options : kScenes) {
    Scene dumped(options);
    dumped.start(Until::dumped);
    dumped.roll_back(upgrade::NewWrites::keep);
    CHECK(dumped.wrong_after_rollback() == "");
    Scene wiped(options);
    wiped.start(Until::dumped);
    wiped.carry_on(Until::wiped);
    wiped.roll_back(upgrade::NewWrites::keep);
    CHECK(wiped.wrong_after_rollback() == "");
  }
}

TEST_CASE("a part comes after the one before it, and resume never begins the next") {
  Scene scene;
  scene.prepare();
  CHECK_THAT(
      error_of([&] { scene.carry_on(Until::wiped); }),
      Catch::Matchers::StartsWith("E-PART: cannot wipe: run 0a1b2c3d has not halted with a proven dump"));
  CHECK_THAT(error_of([&] { scene.carry_on(Until::end); }),
             Catch::Matchers::StartsWith("E-PART: cannot load"));
  scene.carry_on(Until::dumped);
  CHECK(scene.resume().halt == Until::dumped);
  CHECK(halted_at(state_of(scene)) == Until::dumped);
  CHECK_THAT(error_of([&] { scene.carry_on(Until::dumped); }),
             Catch::Matchers::StartsWith("E-PART: cannot dump again"));
  CHECK_THAT(error_of([&] { scene.carry_on(Until::end); }),
             Catch::Matchers::StartsWith("E-PART: cannot load"));
  scene.carry_on(Until::wiped);
  CHECK(scene.resume().halt == Until::wiped);
  CHECK_THAT(error_of([&] { scene.carry_on(Until::wiped); }),
             Catch::Matchers::StartsWith("E-PART: cannot wipe"));
  scene.carry_on(Until::end);
  CHECK_THAT(error_of([&] { scene.carry_on(Until::wiped); }),
             Catch::Matchers::StartsWith("E-PART: cannot wipe"));
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("an upgrade in one go that died is no one's part") {
  Scene scene;
  scene.die_at("wipe:before-record");
  CHECK(halted_at(state_of(scene)) == Until::end);
  CHECK_THAT(error_of([&] { scene.carry_on(Until::wiped); }),
             Catch::Matchers::StartsWith("E-PART: cannot wipe"));
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a strategy that empties nothing has no parts, and nothing is begun") {
  Scene scene({.unlogged = false, .strategy = "warm"});
  CHECK(error_of([&] { scene.start(Until::dumped); }) ==
        "E-PART: cannot carry out strategy \"warm\" by parts: it empties no data directory");
  CHECK(scene.container("db").info.running());
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
  scene.prepare();
  CHECK_THAT(error_of([&] { scene.carry_on(Until::dumped); }), Catch::Matchers::StartsWith("E-PART: cannot"));
  CHECK(is_prepared(state_of(scene)));
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a preparation that died is resumed to where it was asked to go") {
  Scene scene;
  run_until_crash(scene, 12, [&] { scene.prepare(); });
  REQUIRE_FALSE(is_prepared(state_of(scene)));
  CHECK(scene.resume().halt == Until::prepared);
  CHECK(scene.container("web").info.running());
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a run by parts that dies anywhere is brought to its end, or undone") {
  for (const SceneOptions& options : {SceneOptions{}, SceneOptions{.targets = 2}}) {
    Scene undisturbed(options);
    all_parts(undisturbed);
    const auto places = undisturbed.probe.places;
    REQUIRE(places.size() > 80);
    const std::size_t stride = whole_campaign() ? 1 : 3;
    for (const Way way : {Way::resume, Way::roll_back}) {
      for (std::size_t at = way == Way::resume ? 0 : 1; at < places.size(); at += stride) {
        Scene scene(options);
        const std::string place = run_until_crash(scene, at, [&] { all_parts(scene); });
        INFO("died at " << place << " (" << at << ")");
        REQUIRE(place == places[at]);
        CHECK(scene.wrong_at_crash() == "");
        if (way == Way::roll_back) {
          go(scene, way);
          CHECK(scene.wrong_after_rollback() == "");
          continue;
        }
        if (!std::filesystem::exists(scene.state_file())) scene.start(Until::dumped);
        go_on_by_parts(scene);
        CHECK(scene.wrong_after_success() == "");
      }
    }
  }
}

}  // namespace pgupgrade::test
