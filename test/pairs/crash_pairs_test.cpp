// Two deaths of one run, all pairs of places: the first within the upgrade, the second within the resume or
// the rollback that follows it, and then whatever was under way comes to its end.
#include <functional>
#include <string>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/world/crash.hpp"
#include "upgrade/campaign.hpp"

namespace pgupgrade::test {
namespace {

// How a run that died at `first` and then, on its `way`, at its `second` place comes to a sound end. False
// when the way has no such place.
bool try_pair(const SceneOptions& options, std::size_t first, Way way, std::size_t second) {
  Scene scene(options);
  const std::string one = run_until_crash(scene, first, [&] { scene.start(); });
  const std::string two = run_until_crash(scene, second, [&] { go(scene, way); });
  if (two.empty()) return false;
  // A rollback that has begun stays one; a resume that died is resumed again, or undone.
  const bool resumed_again = way == Way::resume && (first + second) % 2 == 0;
  const Way last = resumed_again ? Way::resume : Way::roll_back;
  INFO("died at " << one << ", then at " << two << ", then " << (resumed_again ? "resume" : "rollback"));
  CHECK(scene.wrong_at_crash() == "");
  try {
    go(scene, last);
    CHECK((resumed_again ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
  } catch (const Error& error) {
    FAIL_CHECK(error.code() << ": " << error.what());
  }
  return true;
}

// Two shares, so that two processors have something to do. `every`: of the second places each so many-th, not
// the same ones for each first.
void try_pairs(const SceneOptions& options, Way way, std::size_t share, std::size_t every = 1) {
  Scene undisturbed(options);
  undisturbed.start();
  const std::size_t places = undisturbed.probe.places.size();
  const std::size_t step = is_sampled() ? 14 : 2;
  std::size_t tried = 0;
  for (std::size_t first = share; first < places; first += step) {
    // Which second place a first one meets in a sample differs from one to the next.
    const std::size_t stride = is_sampled() ? 29 : every;
    for (std::size_t second = first * 37 % stride; try_pair(options, first, way, second); second += stride)
      ++tried;
  }
  CHECK(tried > (is_sampled() ? 10U : 2000U / every));
}

// All of them only where scripts/campaign asks for it.
void try_warm_pairs(Way way, std::size_t share) {
  try_pairs({.unlogged = false, .strategy = "warm"}, way, share, whole_campaign() ? 1 : 4);
}

void try_aside_pairs(Way way, std::size_t share) {
  try_pairs({.left_behind = false, .unlogged = false, .backup = Backup::aside}, way, share,
            whole_campaign() ? 1 : 4);
}

}  // namespace

TEST_CASE("a run that dies twice, at any odd place and then in its resume, comes to a sound end") {
  try_pairs({}, Way::resume, 1);
}

TEST_CASE("a run that dies twice, at any even place and then in its resume, comes to a sound end") {
  try_pairs({}, Way::resume, 0);
}

TEST_CASE("a run that dies twice, at any odd place and then in its rollback, comes to a sound end") {
  try_pairs({}, Way::roll_back, 1);
}

TEST_CASE("a run that dies twice, at any even place and then in its rollback, comes to a sound end") {
  try_pairs({}, Way::roll_back, 0);
}

TEST_CASE("with the old data aside, an odd place and then one of the resume") {
  try_aside_pairs(Way::resume, 1);
}

TEST_CASE("with the old data aside, an even place and then one of the resume") {
  try_aside_pairs(Way::resume, 0);
}

TEST_CASE("with the old data aside, an odd place and then one of the rollback") {
  try_aside_pairs(Way::roll_back, 1);
}

TEST_CASE("with the old data aside, an even place and then one of the rollback") {
  try_aside_pairs(Way::roll_back, 0);
}

TEST_CASE("a warm run that dies twice, at any odd place and then in its resume, comes to a sound end") {
  try_warm_pairs(Way::resume, 1);
}

TEST_CASE("a warm run that dies twice, at any even place and then in its resume, comes to a sound end") {
  try_warm_pairs(Way::resume, 0);
}

TEST_CASE("a warm run that dies twice, at any odd place and then in its rollback, comes to a sound end") {
  try_warm_pairs(Way::roll_back, 1);
}

TEST_CASE("a warm run that dies twice, at any even place and then in its rollback, comes to a sound end") {
  try_warm_pairs(Way::roll_back, 0);
}

}  // namespace pgupgrade::test
