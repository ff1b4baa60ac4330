// Runs of two targets: each is recorded for itself, and one that is done is not done again.
#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/crash_everywhere.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kTwo{.targets = 2};
const SceneOptions kTwoWarm{.targets = 2, .unlogged = false, .strategy = "warm"};

// Those that work on one target at a time, by the record that a first target leaves.
std::vector<std::string> steps_of_targets(const SceneOptions& options) {
  Scene scene(options);
  scene.start();
  std::vector<std::string> steps;
  for (const std::string& place : scene.probe.places)
    if (place.ends_with(":one-done")) steps.push_back(place.substr(0, place.find(':')));
  return steps;
}

// Engine calls that change something, between two places of what is done next, each with its target.
struct Changes {
  int first = 0;
  int second = 0;
};

Changes changes_between(Scene& scene, const std::string& from, const std::string& to,
                        const std::function<void()>& action) {
  Changes changes;
  bool counts = false;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == from) counts = true;
    if (place == to) counts = false;
  };
  scene.faulty.on_change = [&](const std::string& change) {
    const auto names = [&](std::size_t index) {
      const TargetPlan& target = scene.target(index);
      return change.find("-0a1b2c3d-" + target.service + "-") != std::string::npos ||
             change.starts_with("signal container " + target.container_id + ":");
    };
    if (!counts) return;
    changes.first += names(0) ? 1 : 0;
    changes.second += names(1) ? 1 : 0;
  };
  action();
  scene.probe.on_reach = {};
  scene.faulty.on_change = {};
  return changes;
}

// As a program would have left it that kept no records of targets.
void forget_targets(const Scene& scene) {
  RunState state = upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
  for (StepRecord& record : state.steps) record.targets.clear();
  write_file_durably(scene.state_file(), upgrade::state_text(state));
}

RunState state_of(const Scene& scene) {
  return upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
}

const StepRecord& record_of(const RunState& state, const std::string& step) {
  return *std::find_if(state.steps.begin(), state.steps.end(),
                       [&](const StepRecord& record) { return record.step == step; });
}

}  // namespace

TEST_CASE("a run of two targets that dies anywhere is brought to its end by resume") {
  crash_everywhere(kTwo, Way::resume, 2, 0);
}

TEST_CASE("a run of two targets that dies anywhere is undone by rollback") {
  crash_everywhere(kTwo, Way::roll_back, 2, 1);
}

TEST_CASE("a warm run of two targets that dies anywhere is brought to its end by resume") {
  crash_everywhere(kTwoWarm, Way::resume, 2, 1);
}

TEST_CASE("a warm run of two targets that dies anywhere is undone by rollback") {
  crash_everywhere(kTwoWarm, Way::roll_back, 2, 0);
}

TEST_CASE("a target that was done is not done again by a resume") {
  for (const SceneOptions& options : {kTwo, kTwoWarm}) {
    const auto steps = steps_of_targets(options);
    CHECK(steps.size() == (options.strategy == "warm" ? 13 : 14));
    int changes_of_second = 0;
    for (const std::string& step : steps) {
      INFO(options.strategy << ": " << step);
      Scene scene(options);
      scene.die_at(step + ":one-done");
      const Changes changes =
          changes_between(scene, step + ":after-record", step + ":after-action", [&] { scene.resume(); });
      // What stopped the first one is asked whether it still stands; and a server in use may have changed
      // since.
      if (step != "rehearse" && step != "check-upgrade") CHECK(changes.first == (step == "stop-old" ? 2 : 0));
      changes_of_second += changes.second;
      CHECK(scene.wrong_after_success() == "");
    }
    CHECK(changes_of_second > 40);
  }
}

TEST_CASE("a target that was undone is not undone again when the rollback dies") {
  for (const char* step : {"wipe", "dump", "stop-old", "rehearse"}) {
    INFO(step);
    Scene scene(kTwo);
    scene.start();
    const std::string place = std::string(step) + ":one-undone";
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached == place) throw Crash{reached};
    };
    CHECK_THROWS_AS(scene.roll_back(), Crash);
    const Changes changes =
        changes_between(scene, std::string(step) + ":undo-after-record",
                        std::string(step) + ":undo-after-action", [&] { scene.roll_back(); });
    CHECK(changes.first == 0);
    CHECK(changes.second > 0);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a rollback of two targets that dies anywhere is brought to its end") {
  Scene undisturbed(kTwo);
  undisturbed.start();
  undisturbed.probe.arm(std::nullopt);
  undisturbed.roll_back();
  const auto places = undisturbed.probe.places;
  for (std::size_t at = 0; at < places.size(); at += whole_campaign() ? 1 : is_sampled() ? 17 : 3) {
    Scene scene(kTwo);
    scene.start();
    const std::string place = run_until_crash(scene, at, [&] { scene.roll_back(); });
    INFO("died at " << place);
    CHECK(scene.wrong_at_crash() == "");
    scene.roll_back(upgrade::NewWrites::keep);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a target that no attempt has begun with is not taken for one that was cut off") {
  Scene scene(kTwo);
  scene.die_at("dump:one-done");
  scene.resume();
  const RunState state = state_of(scene);
  const StepRecord& dump = record_of(state, "dump");
  CHECK(dump.attempt == 2);
  CHECK(dump.targets.at("db").attempt == 1);
  CHECK(dump.targets.at("db2").attempt == 1);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("one target alone needs no record but the step's") {
  Scene scene;
  scene.start();
  const RunState state = state_of(scene);
  CHECK(std::all_of(state.steps.begin(), state.steps.end(),
                    [](const StepRecord& record) { return record.targets.empty(); }));
}

TEST_CASE("where no record says which targets were begun, all may have been") {
  for (const SceneOptions& options : {kTwo, kTwoWarm}) {
    for (const std::string& step : steps_of_targets(options)) {
      for (const Way way : {Way::resume, Way::roll_back}) {
        INFO(options.strategy << ": " << step << (way == Way::resume ? ", resumed" : ", rolled back"));
        Scene scene(options);
        scene.die_at(step + ":one-done");
        forget_targets(scene);
        go(scene, way);
        CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
        if (way == Way::resume && options.strategy == "dump" && step == "dump")
          CHECK(record_of(state_of(scene), "dump").targets.at("db2").attempt == 2);
      }
    }
  }
}

TEST_CASE("the generation before the newest may lack the record of the second target's beginning") {
  for (const char* place : {"dump:server-started", "wipe:emptied", "restore:globals-restored"}) {
    for (const Way way : {Way::resume, Way::roll_back}) {
      INFO(place << (way == Way::resume ? ", resumed" : ", rolled back"));
      Scene scene(kTwo);
      int times = 0;
      scene.probe.on_reach = [&](const std::string& reached) {
        if (reached == place && ++times == 2) throw Crash{reached};
      };
      CHECK_THROWS_AS(scene.start(), Crash);
      scene.probe.on_reach = {};
      // The newest generation is lost where it began the second target.
      RunState state = state_of(scene);
      const std::string step = std::string(place).substr(0, std::string(place).find(':'));
      for (StepRecord& record : state.steps)
        if (record.step == step) record.targets.erase("db2");
      state.generation += 1;
      const auto previous = scene.run_directory() / "state.json.previous";
      write_file_durably(previous, upgrade::state_text(state));
      std::filesystem::remove(scene.state_file());
      upgrade::World world = scene.world();
      if (way == Way::resume) {
        upgrade::resume_upgrade(previous, world, scene.listener);
        CHECK(scene.wrong_after_success() == "");
        // What was emptied by then is found so.
        CHECK(record_of(state_of(scene), step).targets.at("db2").attempt == (step == "wipe" ? 1 : 2));
      } else {
        upgrade::roll_back(previous, upgrade::NewWrites::discard, world, scene.listener);
        CHECK(scene.wrong_after_rollback() == "");
      }
    }
  }
}

TEST_CASE("of two new clusters only the one whose server was killed is restored once more") {
  Scene scene(kTwo);
  scene.die_at("refresh:one-done");
  scene.engine.kill("pgupgrade-0a1b2c3d-db2-new-server");
  const Changes restored =
      changes_between(scene, "restore:after-record", "restore:after-action", [&] { scene.resume(); });
  CHECK(restored.first == 0);
  CHECK(restored.second > 0);
  CHECK(scene.wrong_after_success() == "");
  const RunState state = state_of(scene);
  for (const char* step : {"restore", "configure", "scram"}) {
    INFO(step);
    CHECK(record_of(state, step).targets.at("db").attempt == 1);
    CHECK(record_of(state, step).targets.at("db2").attempt == 2);
  }
}

TEST_CASE("a target that is spoilt while another is made anew is made anew as well, with all built on it") {
  Scene scene(kTwo);
  scene.die_at("verify:one-done");
  scene.engine.kill("pgupgrade-0a1b2c3d-db2-new-server");
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "restore:server-started") throw Crash{place};
  };
  CHECK_THROWS_AS(scene.resume(), Crash);
  scene.probe.on_reach = {};
  set_control_state(scene.data(0), ".", "in production", scene.engine.now());
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
  const RunState state = state_of(scene);
  for (const char* step : {"restore", "configure", "scram", "refresh", "verify"}) {
    INFO(step);
    CHECK(record_of(state, step).targets.at("db").attempt == 2);
  }
}

TEST_CASE("a server that somebody starts again while the others are still to be stopped is stopped again") {
  Scene scene(kTwo);
  scene.die_at("stop-old:one-done");
  scene.engine.start_container("shop-db-1");
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("what a target without a record has left shows that the state file is older than the run") {
  Scene scene(kTwo);
  scene.die_at("dump:one-done");
  scene.engine.create_volume({.name = "pgupgrade-0a1b2c3d-db2-dump", .labels = {}});
  CHECK_THAT(error_of([&] { scene.resume(); }),
             ContainsSubstring("it has no record of step dump, but volume pgupgrade-0a1b2c3d-db2-dump"));
}

}  // namespace pgupgrade::test
