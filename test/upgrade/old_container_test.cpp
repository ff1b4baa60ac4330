#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kProblem = "required variable SHOP_KEY is missing a value";

std::size_t told(const Scene& scene, const std::string& code) {
  return static_cast<std::size_t>(std::count(scene.listener.codes.begin(), scene.listener.codes.end(), code));
}

const std::vector<SceneOptions>& scenes() {
  static const std::vector<SceneOptions> all = {
      {}, {.new_major = 18}, {.targets = 2}, {.unlogged = false, .strategy = "warm"}, {.versioned = true}};
  return all;
}

}  // namespace

TEST_CASE("a rollback does not need what Compose needs") {
  for (const SceneOptions& options : scenes()) {
    Scene scene(options);
    scene.start();
    scene.compose.problem = kProblem;
    scene.roll_back();
    CHECK(told(scene, "W-COMPOSE-UP") == static_cast<std::size_t>(options.targets));
    CHECK(scene.wrong_after_rollback() == "");
    const auto& info = scene.container("db").info;
    CHECK(info.name == "shop-db-1");
    CHECK(info.image_id == scene.target().old_image_id);
    CHECK(info.restart == scene.target().restart);
    CHECK(std::count(info.environment.begin(), info.environment.end(),
                     "PGDATA=" + scene.target().old_pgdata) == 1);
    CHECK(std::any_of(info.mounts.begin(), info.mounts.end(),
                      [&](const Mount& mount) { return mount == scene.target().data_mount; }));
  }
}

TEST_CASE("a rollback without Compose that dies anywhere is brought to its end") {
  for (const SceneOptions& options : scenes()) {
    Scene undisturbed(options);
    undisturbed.start();
    undisturbed.compose.problem = kProblem;
    undisturbed.probe.arm(std::nullopt);
    undisturbed.roll_back();
    const auto places = undisturbed.probe.places;
    for (std::size_t at = 0; at < places.size(); ++at) {
      if (!places[at].starts_with("stop-old:") && !places[at].starts_with("freeze:")) continue;
      Scene scene(options);
      scene.start();
      scene.compose.problem = kProblem;
      const std::string place = run_until_crash(scene, at, [&] { scene.roll_back(); });
      INFO("died at " << place);
      REQUIRE(place == places[at]);
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
      CHECK(scene.container("db").info.name == "shop-db-1");
    }
  }
}

TEST_CASE("a rollback without Compose and without any container of the service says what Compose says") {
  Scene scene;
  scene.start();
  scene.compose.problem = kProblem;
  scene.engine.remove_container("shop-db-1");
  try {
    scene.roll_back();
    FAIL("it was rolled back");
  } catch (const Error& error) {
    CHECK(error.is("E-COMPOSE-UP"));
    CHECK_THAT(error.what(), ContainsSubstring("SHOP_KEY"));
  }
  scene.compose.problem.clear();
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
