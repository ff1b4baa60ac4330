// What the new version refuses of the old cluster is found before anything stops.
#include <algorithm>

#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kRefusals =
    "pg_restore: error: could not execute query: ERROR:  function pg_is_in_backup() does not exist\n"
    "Command was: CREATE VIEW \"public\".\"maintenance\" AS\n SELECT \"pg_is_in_backup\"() AS \"now\";\n\n"
    "pg_restore: error: could not execute query: ERROR:  relation \"public.maintenance\" does not exist\n"
    "Command was: ALTER VIEW public.maintenance OWNER TO postgres;\n\n"
    "pg_restore: error: could not execute query: ERROR:  type \"abstime\" does not exist\n"
    "Command was: CREATE TABLE \"public\".\"visits\" (\"at\" \"abstime\");\n\n";

bool is_left(const Scene& scene) {
  return std::any_of(scene.engine.volumes.begin(), scene.engine.volumes.end(),
                     [](const auto& volume) { return volume.first.find("rehearsal") != std::string::npos; });
}

long told(const Scene& scene, const std::string& code) {
  return std::count(scene.listener.codes.begin(), scene.listener.codes.end(), code);
}

}  // namespace

TEST_CASE("a part that the new version refuses ends the run before anything stops") {
  Scene scene({.left_behind = false});
  scene.engine.refusals = kRefusals;
  const std::string error = error_of([&] { scene.start(); });
  CHECK(error.starts_with("E-REHEARSAL: "));
  CHECK(error.find("view public.maintenance of database") != std::string::npos);
  CHECK(told(scene, "E-REHEARSAL") == 1);  // the other one; what follows from the first is none
  CHECK_FALSE(std::filesystem::exists(scene.state_file()));
  CHECK_FALSE(is_left(scene));
  CHECK(scene.wrong_after_rollback().empty());
}

TEST_CASE("a refusal that the user accepts is a warning") {
  Scene scene({.left_behind = false});
  scene.plan.acknowledged = {"E-REHEARSAL"};
  scene.engine.refusals = kRefusals;
  scene.start();
  CHECK(told(scene, "E-REHEARSAL") == 2);
  CHECK(scene.wrong_after_success().empty());
}

TEST_CASE("what a dump would leave behind ends the run before anything stops, unless the user accepts it") {
  for (const bool accepted : {false, true}) {
    Scene scene({.left_behind = false});
    scene.engine.lost_objects = {{"shop", {{"privileges on \"pg_default\"", {{"granted", "app"}}}}}};
    if (accepted) scene.plan.acknowledged = {"E-LEFT-BEHIND"};
    const std::string error = error_of([&] { scene.start(); });
    CHECK(error.starts_with(accepted ? "no error" : "E-LEFT-BEHIND: "));
    CHECK((error.find("pg_default") != std::string::npos) != accepted);
    CHECK(told(scene, "E-LEFT-BEHIND") == (accepted ? 1 : 0));
    CHECK_FALSE(is_left(scene));
    CHECK((accepted ? scene.wrong_after_success() : scene.wrong_after_rollback()).empty());
  }
}

TEST_CASE("a database whose extensions have additions is left out of the rehearsal, and named") {
  Scene scene;
  scene.start();
  CHECK(told(scene, "W-REHEARSAL") == 1);
  CHECK(scene.wrong_after_success().empty());
}

TEST_CASE("a rehearsal that was cut off leaves nothing behind") {
  for (const bool forward : {true, false}) {
    Scene scene;
    scene.die_at("rehearse:dumped");
    CHECK(is_left(scene));
    forward ? scene.resume() : scene.roll_back();
    CHECK_FALSE(is_left(scene));
    CHECK((forward ? scene.wrong_after_success() : scene.wrong_after_rollback()).empty());
  }
}

TEST_CASE("a plan can be rehearsed, and changes nothing by that") {
  Scene scene({.left_behind = false});
  upgrade::World world = scene.world();
  const auto absent = upgrade::rehearse_plan(scene.plan, world);
  REQUIRE(absent.size() == 1);
  CHECK(absent[0].code == "W-REHEARSAL");
  scene.engine.pull_image(scene.target().new_image, {});
  CHECK(upgrade::rehearse_plan(scene.plan, world).empty());
  scene.engine.refusals = kRefusals;
  const auto found = upgrade::rehearse_plan(scene.plan, world);
  REQUIRE(found.size() == 2);
  CHECK(found[0].severity == Severity::error);
  CHECK(found[0].hint.find("view public.maintenance") != std::string::npos);
  CHECK_FALSE(is_left(scene));
  CHECK(scene.wrong_after_rollback().empty());
}

}  // namespace pgupgrade::test
