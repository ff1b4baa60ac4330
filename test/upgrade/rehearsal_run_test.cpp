// The whole upgrade on a copy: nothing of the user's is touched, whatever becomes of it, and nothing of ours
// stays but what was asked for.
#include <algorithm>
#include <fstream>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

using Words = std::vector<std::string>;

const SceneOptions kRehearsalScene{.strategy = kRehearsal};

class Script {
 public:
  explicit Script(const std::string& text) : path_((directory_.path() / "migrate.sql").string()) {
    std::ofstream(path_) << text;
  }
  SceneOptions scene() const {
    SceneOptions options = kRehearsalScene;
    options.rehearsal = {.scripts = {path_}, .database = "shop"};
    return options;
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory directory_;
  std::string path_;
};

// The servers and clients that ran before, and no other container started in their place.
struct Untouched {
  explicit Untouched(Scene& scene) : scene_(scene) {
    for (const auto& [id, container] : scene.engine.containers) started[id] = container.info.started_at;
  }
  std::string wrong() {
    std::string text;
    for (const auto& [id, at] : started) {
      const auto found = scene_.engine.containers.find(id);
      if (found == scene_.engine.containers.end())
        text += id + " is gone\n";
      else if (found->second.info.started_at != at)
        text += found->second.info.name + " was started again\n";
    }
    return text;
  }
  Scene& scene_;
  std::map<std::string, std::string> started;
};

std::string wrong_with_scratch(Scene& scene) {
  std::string wrong = scene.wrong_after_rollback();
  for (const auto& [name, volume] : scene.engine.volumes)
    if (name.starts_with("pgupgrade-")) wrong += "left behind: volume " + name + "\n";
  return wrong;
}

Words steps_of(const upgrade::Report& report) {
  Words steps;
  for (const auto& part : report.parts) steps.push_back(part.step);
  return steps;
}

}  // namespace

TEST_CASE("a rehearsal goes through the upgrade on a copy, and leaves nothing") {
  for (SceneOptions options : {SceneOptions{}, SceneOptions{.new_major = 18, .targets = 2},
                               SceneOptions{.subdirectory = true}, SceneOptions{.versioned = true}}) {
    options.strategy = kRehearsal;
    Scene scene(options);
    INFO(options.new_major << ", targets " << options.targets << ", versioned " << options.versioned);
    Untouched untouched(scene);
    const auto report = scene.start();
    CHECK(report.rehearsal);
    CHECK(report.outcome == RunOutcome::succeeded);
    CHECK(steps_of(report) == Words{"dump-copy", "verify-dump", "start-new", "restore", "configure", "scram",
                                    "refresh", "verify"});
    CHECK(report.targets.at(0).rows == 46);
    CHECK(report.targets.at(0).old_data.empty());
    CHECK(report.measured_ms >= 0);
    CHECK(report.estimated_ms >= 20'000);
    CHECK(report.kept.empty());
    CHECK(untouched.wrong() == "");
    CHECK(wrong_with_scratch(scene) == "");
    const RunState state = upgrade::Journal::open_file(scene.state_file()).state();
    CHECK(upgrade::data_state(state) == "untouched, still PostgreSQL 15; the applications run");
    CHECK(state.outcome == RunOutcome::cleaned);
    CHECK(upgrade::next_commands(state, "state.json").empty());
    for (const auto& entry : std::filesystem::directory_iterator(scene.run_directory()))
      CHECK(entry.path().filename().string().starts_with("state.json"));
    // What cleanup removes of a run whose new cluster lies beside the old one is here the user's only one.
    auto world = scene.world();
    upgrade::clean_up(scene.state_file(), world);
    CHECK(wrong_with_scratch(scene) == "");
  }
}

TEST_CASE("rows of unlogged tables, which no copy has, are told as not rehearsed") {
  Scene scene(kRehearsalScene);
  scene.start();
  CHECK(std::count(scene.listener.codes.begin(), scene.listener.codes.end(), "W-REHEARSAL") == 1);
  Scene without({.unlogged = false, .strategy = kRehearsal});
  without.start();
  CHECK(std::count(without.listener.codes.begin(), without.listener.codes.end(), "W-REHEARSAL") == 0);
}

TEST_CASE("a rehearsal that dies anywhere leaves the service alone, and what it left is removed") {
  enum class Then { resume, next, cleanup };
  const Script script("CREATE ROLE \"auditor\";\n");
  std::size_t offset = 0;
  for (const bool keep : {true, false}) {
    SceneOptions options = script.scene();
    options.rehearsal.keep = keep;
    Scene undisturbed(options);
    undisturbed.start();
    const auto places = undisturbed.probe.places;
    REQUIRE(places.size() > 60);
    const std::size_t stride = whole_campaign() ? 1 : 7;
    for (const Then then : {Then::resume, Then::next, Then::cleanup}) {
      for (std::size_t at = offset++; at < places.size(); at += stride) {
        Scene scene(options);
        Untouched untouched(scene);
        run_until_crash(scene, at, [&] { scene.start(); });
        INFO("died at " << places[at] << ", then " << static_cast<int>(then) << ", keep " << keep);
        CHECK(scene.wrong_at_crash() == "");
        CHECK(untouched.wrong() == "");
        auto world = scene.world();
        const bool known = std::filesystem::exists(scene.state_file());
        const auto ended = [&] {
          return upgrade::Journal::open_file(scene.state_file()).state().outcome != RunOutcome::unfinished;
        };
        try {
          if (then == Then::resume && known && !ended()) scene.resume();
          if (then == Then::next) upgrade::give_up_rehearsals(scene.root / ".pgupgrade", world);
          if (std::filesystem::exists(scene.state_file())) upgrade::clean_up(scene.state_file(), world);
        } catch (const Error& error) {
          FAIL_CHECK(error.code() << ": " << error.what());
        }
        CHECK(untouched.wrong() == "");
        CHECK(wrong_with_scratch(scene) == "");
      }
    }
  }
}

TEST_CASE("a script of the user's is run on the new cluster") {
  const Script script("CREATE ROLE \"auditor\";\n");
  SceneOptions options = script.scene();
  options.rehearsal.keep = true;
  Scene scene(options);
  const auto report = scene.start();
  CHECK(steps_of(report).back() == "run-scripts");
  const auto& aside = scene.engine.volume(scene.target().aside.mount.source).tree;
  const auto cluster = read_cluster(aside, "new");
  REQUIRE(cluster);
  CHECK(cluster->roles.contains("auditor"));
}

TEST_CASE("a script that fails ends the rehearsal with its cause, and nothing stays") {
  const Script script("CREATE ROLE \"app\";\n");
  Scene scene(script.scene());
  Untouched untouched(scene);
  CHECK_THAT(error_of([&] { scene.start(); }), ContainsSubstring("E-SCRIPT: could not run "));
  CHECK(untouched.wrong() == "");
  CHECK(wrong_with_scratch(scene) == "");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
}

TEST_CASE("a new cluster that differs fails the rehearsal, and nothing stays") {
  Scene scene(kRehearsalScene);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place != "refresh:after-done") return;
    auto& tree = scene.engine.volume(scene.target().aside.mount.source).tree;
    auto cluster = read_cluster(tree, "new");
    cluster->databases.at("shop").tables.at("public.customers").pop_back();
    write_cluster(tree, "new", *cluster, scene.engine.now());
  };
  CHECK_THAT(error_of([&] { scene.start(); }), Catch::Matchers::StartsWith("E-DIFFERENCE: "));
  CHECK(wrong_with_scratch(scene) == "");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
}

TEST_CASE("the new server of a rehearsal is kept without a network, behind a port of its own") {
  SceneOptions options = kRehearsalScene;
  options.rehearsal.keep = true;
  Scene scene(options);
  const auto report = scene.start();
  REQUIRE(report.kept.size() == 1);
  CHECK(report.kept[0].service == "db");
  CHECK(report.kept[0].user == "postgres");
  CHECK(report.kept[0].port == 49153);
  const auto& server = scene.engine.at("pgupgrade-0a1b2c3d-db-kept").info;
  CHECK(server.running());
  CHECK(server.network_mode == "none");
  const auto& port = scene.engine.at("pgupgrade-0a1b2c3d-db-kept-port").info;
  CHECK(port.network_mode == "bridge");
  for (const Mount& mount : port.mounts) CHECK(mount.source != scene.target().aside.mount.source);
  auto world = scene.world();
  CHECK(upgrade::plan_cleanup(scene.state_file(), world).removed.size() >= 4);
  upgrade::clean_up(scene.state_file(), world);
  CHECK(wrong_with_scratch(scene) == "");
}

TEST_CASE("scripts of a rehearsal need one service, and one database that is there") {
  const Script script("SELECT 1;\n");
  const auto refusal = [&](const SceneOptions& options, const std::string& database) {
    Scene scene(options);
    auto request = scene.request();
    request.rehearsal = {.scripts = {script.path()}, .database = database};
    const auto planned = planning::make_plan(request, scene.observe(), "0a1b2c3d", "0.1.0");
    return planned.ok ? planned.plan.rehearsal.database
                      : planned.diagnostics.front().code + ": " + planned.diagnostics.front().message;
  };
  CHECK(refusal(kRehearsalScene, "shop") == "shop");
  CHECK(refusal(kRehearsalScene, "") ==
        "E-SCRIPT-DATABASE: service db has several databases, and none is chosen for the scripts");
  CHECK(refusal(kRehearsalScene, "nowhere") ==
        "E-SCRIPT-DATABASE: service db has no database \"nowhere\" to run the scripts on");
  CHECK(refusal({.targets = 2, .strategy = kRehearsal}, "shop") ==
        "E-SCRIPT-DATABASE: scripts can be run on one service only, and several are to be rehearsed");
}

}  // namespace pgupgrade::test
