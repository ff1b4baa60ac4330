// A run in two parts: what can be done while the service runs, and, when its users can do without it, the
// rest.
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

const SceneOptions kDump{};
const SceneOptions kWarm{.unlogged = false, .strategy = "warm"};

RunState state_of(const Scene& scene) {
  return upgrade::Journal::open_file(scene.state_file()).state();
}

bool everything_runs(Scene& scene) {
  return scene.container("db").info.running() && scene.container("web").info.running() &&
         scene.container("worker").info.running();
}

}  // namespace

TEST_CASE("a prepared run has stopped nothing, and is carried out when asked") {
  for (const SceneOptions& options : {kDump, kWarm, SceneOptions{.targets = 2}}) {
    INFO(options.strategy << ", targets " << options.targets);
    Scene scene(options);
    const auto report = scene.prepare();
    CHECK(report.outcome == RunOutcome::unfinished);
    CHECK(everything_runs(scene));
    const RunState state = state_of(scene);
    CHECK(is_prepared(state));
    CHECK(upgrade::data_state(state) == "untouched, still PostgreSQL 15; the applications run");
    CHECK(upgrade::next_commands(state, "state.json").front() == "pgupgrade run --state state.json");
    scene.resume();
    CHECK_FALSE(is_prepared(state_of(scene)));
    CHECK(scene.wrong_after_success() == "");
  }
}

TEST_CASE("a command for the moment before the freeze is no part of a preparation") {
  Scene scene({.hooks = {.before_freeze = "echo now"}});
  const auto told = [&] {
    return std::count(scene.listener.codes.begin(), scene.listener.codes.end(), "N-HOOK");
  };
  scene.prepare();
  CHECK(told() == 0);
  CHECK(is_prepared(state_of(scene)));
  scene.resume();
  CHECK(told() == 1);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a prepared run that is given up leaves nothing") {
  for (const SceneOptions& options : {kDump, kWarm}) {
    INFO(options.strategy);
    Scene scene(options);
    scene.prepare();
    scene.roll_back(upgrade::NewWrites::keep);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("what a prepared warm run has running is told, and is gone on with") {
  Scene scene(kWarm);
  scene.prepare();
  upgrade::World world = scene.world();
  REQUIRE(upgrade::preparation(state_of(scene), world).size() == 1);
  CHECK_THAT(upgrade::preparation(state_of(scene), world).front(),
             Catch::Matchers::StartsWith("the copy of service db follows its server, "));
  const std::string standby = scene.engine.at("pgupgrade-0a1b2c3d-db-old-server").info.id;
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "freeze:before-record")
      CHECK(scene.engine.at("pgupgrade-0a1b2c3d-db-old-server").info.id == standby);
  };
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a copy that ended meanwhile is started again") {
  Scene scene(kWarm);
  scene.prepare();
  scene.engine.kill("pgupgrade-0a1b2c3d-db-old-server");
  upgrade::World world = scene.world();
  CHECK(upgrade::preparation(state_of(scene), world).front() ==
        "the copy of service db does not run; resume starts it again");
  scene.resume();
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("databases that came after a preparation are told before anything stops") {
  Scene scene(kWarm);
  scene.prepare();
  for (const char* volume : {"shop_dbdata", "pgupgrade-0a1b2c3d-db-aside"}) {
    auto& tree = scene.engine.volume(volume).tree;
    const std::string place = volume == std::string("shop_dbdata") ? "." : "copy";
    auto cluster = read_cluster(tree, place);
    REQUIRE(cluster);
    cluster->databases["late"];
    write_cluster(tree, place, *cluster, scene.engine.now());
  }
  CHECK(
      error_of([&] { scene.resume(); }) ==
      "E-DATABASES-CHANGED: could not convert service \"db\": its databases have changed since the plan was "
      "made");
  CHECK(everything_runs(scene));
}

TEST_CASE("a prepared run that dies anywhere when it is carried out is brought to its end, or undone") {
  for (const SceneOptions& options : {kDump, kWarm}) {
    Scene undisturbed(options);
    undisturbed.prepare();
    undisturbed.probe.arm(std::nullopt);
    undisturbed.resume();
    const auto places = undisturbed.probe.places;
    const std::size_t stride = whole_campaign() ? 1 : 7;
    for (const Way way : {Way::resume, Way::roll_back}) {
      for (std::size_t at = way == Way::resume ? 0 : 3; at < places.size(); at += stride) {
        Scene scene(options);
        scene.prepare();
        INFO(options.strategy << " died at " << places[at]);
        run_until_crash(scene, at, [&] { scene.resume(); });
        CHECK(scene.wrong_at_crash() == "");
        go(scene, way);
        CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
      }
    }
  }
}

}  // namespace pgupgrade::test
