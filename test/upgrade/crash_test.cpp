#include "support/world/crash.hpp"
#include "support/catch.hpp"
#include "upgrade/campaign.hpp"
#include "upgrade/crash_everywhere.hpp"

namespace pgupgrade::test {
namespace {

std::vector<std::string> places_of_rollback(const SceneOptions& options) {
  Scene scene(options);
  scene.start();
  scene.probe.arm(std::nullopt);
  scene.roll_back();
  return scene.probe.places;
}

}  // namespace

TEST_CASE("a run that dies anywhere is brought to its end by resume") {
  crash_everywhere({}, Way::resume);
}

TEST_CASE("a run that dies anywhere is undone by rollback") {
  crash_everywhere({}, Way::roll_back);
}

TEST_CASE("a warm run that dies anywhere is brought to its end by resume") {
  crash_everywhere({.unlogged = false, .strategy = "warm"}, Way::resume);
}

TEST_CASE("a warm run that dies anywhere is undone by rollback") {
  crash_everywhere({.unlogged = false, .strategy = "warm"}, Way::roll_back);
}

TEST_CASE("a run of two targets whose mount moves may die anywhere") {
  crash_everywhere({.new_major = 18, .targets = 2}, Way::roll_back, 17, 2);
  crash_everywhere({.new_major = 18, .targets = 2}, Way::resume, 17, 11);
}

TEST_CASE("a rollback after success that dies anywhere is brought to its end") {
  const auto places = places_of_rollback({});
  REQUIRE(places.size() > 60);
  for (std::size_t at = 0; at < places.size(); at += whole_campaign() ? 1 : 5) {
    Scene scene;
    scene.start();
    const std::string place = run_until_crash(scene, at, [&] { scene.roll_back(); });
    INFO("died at " << place);
    REQUIRE(place == places[at]);
    CHECK(scene.wrong_at_crash() == "");
    scene.roll_back(upgrade::NewWrites::keep);  // once begun it needs no second consent
    CHECK(scene.wrong_after_rollback() == "");
  }
}

}  // namespace pgupgrade::test
