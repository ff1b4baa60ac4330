// A run that is prepared waits for its time, and loses nothing of what it has prepared.
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/model/points.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kDump{};
const SceneOptions kWarm{.unlogged = false, .strategy = "warm"};
constexpr std::int64_t kHour = 3'600'000;
constexpr const char* kStandby = "pgupgrade-0a1b2c3d-db-old-server";

RunState state_of(const Scene& scene) {
  return upgrade::Journal::open_file(scene.state_file()).state();
}

upgrade::Report start_at(Scene& scene, std::int64_t time) {
  auto world = scene.world();
  return upgrade::start_upgrade(scene.plan, world, scene.listener, {.not_before_ms = time});
}

upgrade::Report resume_at(Scene& scene, std::int64_t time) {
  auto world = scene.world();
  return upgrade::resume_upgrade(scene.state_file(), world, scene.listener, time);
}

// When the applications were stopped.
std::int64_t stopped_ms(const Scene& scene) {
  return begun_ms(state_of(scene), Point::stops_clients);
}

}  // namespace

TEST_CASE("a run that waits prepares at once, and stops nothing before its time") {
  for (const SceneOptions& options : {kDump, kWarm}) {
    INFO(options.strategy);
    Scene scene(options);
    const std::int64_t time = scene.clock.unix_ms() + 3 * kHour;
    const auto report = start_at(scene, time);
    CHECK(report.outcome == RunOutcome::succeeded);
    CHECK(scene.wrong_after_success() == "");
    CHECK(stopped_ms(scene) >= time);
    CHECK(stopped_ms(scene) < time + kHour / 60);
    CHECK(report.downtime_ms < kHour);
    CHECK(scene.observe().past_runs.size() == 1);  // the next forecast goes by it
    REQUIRE(scene.listener.waits.size() >= 170);   // a look a minute
    CHECK(scene.listener.waits.front().until_ms == time);
    if (options.strategy == "warm")
      CHECK_THAT(scene.listener.waits.front().ready.at(0),
                 Catch::Matchers::StartsWith("the copy of service db follows its server"));
  }
}

TEST_CASE("a time that has come while all was prepared is not waited for") {
  Scene scene(kWarm);
  start_at(scene, scene.clock.unix_ms() - 1);
  CHECK(scene.listener.waits.empty());
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a wait that is ended leaves the run prepared, to be carried out or given up") {
  for (const Way way : {Way::resume, Way::roll_back}) {
    Scene scene(kWarm);
    scene.listener.on_waiting = [&] {
      if (scene.listener.waits.size() == 30) scene.cancellation.request(2);
    };
    CHECK(error_of([&] { start_at(scene, scene.clock.unix_ms() + 8 * kHour); }) ==
          "E-INTERRUPTED: interrupted by SIGINT");
    const RunState state = state_of(scene);
    CHECK(is_prepared(state));
    CHECK(upgrade::data_state(state) == "untouched, still PostgreSQL 15; the applications run");
    CHECK(upgrade::next_commands(state, "state.json").front() == "pgupgrade run --state state.json");
    scene.listener.on_waiting = {};
    scene.cancellation.request(0);
    go(scene, way);
    CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
  }
}

TEST_CASE("a standby that ends or breaks off during the wait is there again before the window") {
  for (const bool lost : {false, true}) {
    INFO(lost);
    Scene scene(kWarm);
    scene.listener.on_waiting = [&] {
      if (scene.listener.waits.size() == 20) {
        scene.engine.remove_container(kStandby);
        if (lost) scene.engine.volume(scene.target().aside.mount.source).tree.erase("copy/standby.signal");
      }
      if (scene.listener.waits.size() == 22) CHECK(scene.engine.at(kStandby).info.running());
    };
    start_at(scene, scene.clock.unix_ms() + kHour);
    CHECK(scene.listener.waits.size() > 22);
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("what the user has changed during the wait is found before anything stops") {
  Scene scene(kWarm);
  scene.listener.on_waiting = [&] {
    write_file_durably(scene.compose_file(), scene.original_compose + "# later\n", 0644);
  };
  CHECK(error_of([&] { start_at(scene, scene.clock.unix_ms() + kHour); }).starts_with("E-DRIFT: "));
  CHECK(is_prepared(state_of(scene)));
}

TEST_CASE("a prepared run waits as well, and one that has stopped the applications does not") {
  Scene scene(kWarm);
  scene.prepare();
  const std::int64_t time = scene.clock.unix_ms() + kHour;
  resume_at(scene, time);
  CHECK(stopped_ms(scene) >= time);
  CHECK(scene.wrong_after_success() == "");

  Scene other(kWarm);
  other.die_at("stop-old:after-record");
  CHECK(
      error_of([&] { resume_at(other, other.clock.unix_ms() + kHour); }) ==
      "E-AT: cannot wait with run 0a1b2c3d: it has stopped the applications already, or is on its way back");
  other.resume();
  CHECK(other.wrong_after_success() == "");
}

TEST_CASE("a run that dies anywhere around its wait is brought to its end, or undone") {
  for (const SceneOptions& options : {kDump, kWarm}) {
    Scene undisturbed(options);
    undisturbed.probe.arm(std::nullopt);
    start_at(undisturbed, undisturbed.clock.unix_ms() + kHour / 30);
    std::vector<std::size_t> tried;
    const auto& places = undisturbed.probe.places;
    for (std::size_t at = 0; at < places.size(); ++at)
      if (places[at].starts_with("wait:")) tried.push_back(at);
    REQUIRE(tried.size() >= 3);
    tried.insert(tried.begin(), tried.front() - 1);
    tried.push_back(tried.back() + 1);
    for (const std::size_t at : tried) {
      for (const Way way : {Way::resume, Way::roll_back}) {
        Scene scene(options);
        INFO(options.strategy << " died at " << places[at]);
        run_until_crash(scene, at, [&] { start_at(scene, scene.clock.unix_ms() + kHour / 30); });
        CHECK(scene.wrong_at_crash() == "");
        CHECK(ended_ms(state_of(scene), Point::stops_clients) == 0);
        if (way == Way::resume)
          resume_at(scene, scene.clock.unix_ms() + kHour / 60);
        else
          go(scene, way);
        CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
      }
    }
  }
}

}  // namespace pgupgrade::test
