// With --keep-going a target that fails goes back alone, wherever it fails, and the others are upgraded.
#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kDump{.targets = 2, .keep_going = true};
const SceneOptions kWarmOnes{.targets = 2, .unlogged = false, .strategy = "warm", .keep_going = true};
const SceneOptions kVersioned{.targets = 2, .keep_going = true, .versioned = true};
const SceneOptions kAside{.targets = 2, .backup = Backup::aside, .keep_going = true};

// In this step whatever changes something for the target fails, until it is given up; so it does again after
// each death.
struct Failing {
  std::string step;
  std::size_t target = 1;
};

bool names(const std::string& change, const TargetPlan& target) {
  return change.find("-0a1b2c3d-" + target.service + "-") != std::string::npos ||
         change.find(target.container_id) != std::string::npos ||
         change.find(target.container_name) != std::string::npos || change == "up " + target.service;
}

class FailingScene {
 public:
  FailingScene(const SceneOptions& options, const Failing& fault)
      : scene(options), target_(scene.target(fault.target)) {
    scene.given_up = {target_.service};
    scene.probe.on_reach = [this, step = fault.step](const std::string& place) {
      if (place == step + ":after-record") fails_ = true;
      if (place == step + ":one-given-up") was_given_up = true;
      if (place == step + ":one-failed" || place == step + ":after-action") fails_ = false;
    };
    const auto fail = [this](const std::string& change) {
      if (fails_ && names(change, target_)) throw Error(ErrorKind::failed, "E-ENGINE", "could not " + change);
    };
    scene.faulty.on_change = fail;
    scene.compose.on_change = fail;
  }
  void die_again() { fails_ = false; }

  Scene scene;
  bool was_given_up = false;

 private:
  TargetPlan target_;
  bool fails_ = false;
};

// Once the applications write to the new servers, none can go back without a loss.
std::vector<std::string> steps_of(const SceneOptions& options) {
  std::vector<std::string> steps;
  for (const StepPlan& step : Scene(options).plan.steps)
    if (step.phase != Phase::after) steps.push_back(step.name);
  return steps;
}

std::vector<std::string> places_of(const SceneOptions& options, const Failing& fault) {
  FailingScene failing(options, fault);
  failing.scene.start();
  return failing.scene.probe.places;
}

enum class End { resume, roll_back };

void die_and_end(const SceneOptions& options, const Failing& fault, std::size_t at, End end) {
  FailingScene failing(options, fault);
  Scene& scene = failing.scene;
  const std::string place = run_until_crash(scene, at, [&] { scene.start(); });
  INFO(fault.step << " fails, died at " << place << " (" << at << ")");
  CHECK(scene.wrong_at_crash() == "");
  failing.die_again();
  try {
    if (end == End::resume) {
      scene.resume();
      if (!failing.was_given_up) scene.given_up.clear();  // it died once all was done
      CHECK(scene.wrong_after_success() == "");
    } else {
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
    }
  } catch (const Error& error) {
    FAIL_CHECK(error.code() << ": " << error.what());
  }
}

TargetState known(const Scene& scene, const std::string& service) {
  return upgrade::Journal::open_file(scene.state_file()).target(service);
}

}  // namespace

TEST_CASE("wherever one of two targets fails, it goes back alone and the other is upgraded") {
  std::set<std::string> given_up_in;
  for (const SceneOptions& options : {kDump, kWarmOnes, kVersioned, kAside}) {
    for (const std::string& step : steps_of(options)) {
      for (const std::size_t target : {0U, 1U}) {
        INFO(options.strategy << ": " << step << " fails for target " << target);
        FailingScene failing(options, {.step = step, .target = target});
        Scene& scene = failing.scene;
        const upgrade::Report report = scene.start();
        if (!failing.was_given_up) continue;  // nothing is changed in it
        given_up_in.insert(step);
        CHECK(report.outcome == RunOutcome::succeeded);
        REQUIRE(report.targets.size() == 2);
        CHECK(report.targets[target].failure.starts_with("E-ENGINE: could not "));
        CHECK(report.targets[1 - target].failure == "");
        CHECK(scene.wrong_after_success() == "");
        scene.probe.on_reach = {};
        scene.roll_back();
        CHECK(scene.wrong_after_rollback() == "");
      }
    }
  }
  CHECK(given_up_in.size() >= 18);
}

TEST_CASE("without it a failure of one target ends the run, and all go back") {
  Scene scene({.targets = 2});
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "verify:fingerprint-taken") throw Error(ErrorKind::failed, "E-STEP", "a fault");
  };
  CHECK(error_of([&] { scene.start(); }) == "E-STEP: a fault");
  scene.probe.on_reach = {};
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

TEST_CASE("a run that gives one target up and dies anywhere is brought to its end by resume") {
  for (const SceneOptions& options : {kDump, kWarmOnes, kVersioned}) {
    std::size_t seed = 0;
    for (const std::string& step : steps_of(options)) {
      const Failing fault{.step = step, .target = ++seed % 2};
      const std::size_t places = places_of(options, fault).size();
      const std::size_t stride = whole_campaign() ? 1 : is_sampled() ? 97 : 23;
      for (std::size_t at = seed % stride; at < places; at += stride)
        die_and_end(options, fault, at, End::resume);
    }
  }
}

TEST_CASE("a run that gives one target up and dies anywhere is undone by rollback") {
  for (const SceneOptions& options : {kDump, kWarmOnes, kVersioned}) {
    std::size_t seed = 0;
    for (const std::string& step : steps_of(options)) {
      const Failing fault{.step = step, .target = ++seed % 2};
      const std::size_t places = places_of(options, fault).size();
      const std::size_t stride = whole_campaign() ? 1 : is_sampled() ? 97 : 29;
      for (std::size_t at = (7 + seed) % stride; at < places; at += stride)
        die_and_end(options, fault, at, End::roll_back);
    }
  }
}

TEST_CASE("a death at any place while one target goes back keeps nothing from its end") {
  for (const SceneOptions& options : {kDump, kWarmOnes, kVersioned}) {
    for (const char* step : {"verify", "start"}) {
      const Failing fault{.step = step};
      const auto places = places_of(options, fault);
      const auto from = std::find(places.begin(), places.end(), std::string(step) + ":one-given-up");
      const auto to = std::find(from, places.end(), "target-back");
      REQUIRE(to != places.end());
      for (auto at = from; at <= to; at += is_sampled() ? 5 : 1)
        for (const End end : {End::resume, End::roll_back})
          die_and_end(options, fault, static_cast<std::size_t>(at - places.begin()), end);
    }
  }
}

TEST_CASE("the last target is not given up: the run ends with its error, and is resumed") {
  Scene scene(kDump);
  bool fails = true;
  scene.probe.on_reach = [&](const std::string& place) {
    if (fails && place == "restore:globals-restored") throw Error(ErrorKind::failed, "E-STEP", "a fault");
  };
  CHECK(error_of([&] { scene.start(); }) == "E-STEP: a fault");
  CHECK(known(scene, "db").given_up == GivenUp::going_back);
  CHECK(known(scene, "db").failure == "E-STEP: a fault");
  CHECK(known(scene, "db2").given_up == GivenUp::no);
  fails = false;
  scene.resume();
  CHECK(known(scene, "db").given_up == GivenUp::back);
  scene.given_up = {"db"};
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("what stops all targets gives none up") {
  for (const ErrorKind kind :
       {ErrorKind::interrupted, ErrorKind::engine_unreachable, ErrorKind::internal, ErrorKind::usage}) {
    Scene scene(kDump);
    scene.probe.on_reach = [&](const std::string& place) {
      if (place == "dump:server-started") throw Error(kind, "E-STEP", "a fault");
    };
    CHECK(error_of([&] { scene.start(); }) == "E-STEP: a fault");
    CHECK(known(scene, "db").given_up == GivenUp::no);
  }
}

TEST_CASE("what cannot be taken back alone is said, and taken back by a resume") {
  FailingScene failing(kDump, {.step = "verify"});
  Scene& scene = failing.scene;
  const auto fail = scene.probe.on_reach;
  scene.probe.on_reach = [&](const std::string& place) {
    fail(place);
    if (place == "stop-old:data-back") throw Error(ErrorKind::failed, "E-STEP", "a fault on the way back");
  };
  CHECK(error_of([&] { scene.start(); }) == "E-STEP: a fault on the way back");
  scene.probe.on_reach = fail;
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a given up target keeps its image in the Compose file, whatever the run does with the others") {
  FailingScene failing(kDump, {.step = "start"});
  failing.scene.start();
  const std::string text = read_file(failing.scene.compose_file());
  CHECK(std::count(text.begin(), text.end(), '\n') ==
        std::count(failing.scene.original_compose.begin(), failing.scene.original_compose.end(), '\n'));
  CHECK(text.find("image: postgres:17") < text.find("db2:"));
  CHECK(text.find("image: postgres:15") > text.find("db2:"));
}

TEST_CASE("with files left alone, the override names only those that are upgraded") {
  SceneOptions options = kDump;
  options.edit_files = false;
  FailingScene failing(options, {.step = "start"});
  failing.scene.start();
  CHECK(failing.scene.wrong_after_success() == "");
  const std::string text = read_file(failing.scene.run_directory() / "override.yaml");
  CHECK_THAT(text, ContainsSubstring("\"db\""));
  CHECK_THAT(text, !ContainsSubstring("\"db2\""));
}

}  // namespace pgupgrade::test
