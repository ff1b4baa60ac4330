// A warm run compares the rows once the applications run again: as they were before.
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const SceneOptions kWarmScene{.unlogged = false, .strategy = "warm"};

std::string data_of(const Scene& scene) {
  return upgrade::data_state(upgrade::Journal::open_file(scene.state_file()).state());
}

// Of the server that the service runs on.
void change_rows(Scene& scene) {
  Tree& tree = scene.engine.volume("shop_dbdata").tree;
  auto cluster = read_cluster(tree, ".");
  cluster->databases.at("shop").tables.at("public.orders").emplace_back("999|written later");
  write_cluster(tree, ".", *cluster, 0);
}

}  // namespace

TEST_CASE("rows are compared as they were before the applications came back") {
  Scene scene(kWarmScene);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "thaw:after-started") change_rows(scene);
  };
  const auto report = scene.start();
  CHECK(report.targets.at(0).rows_compared);
  CHECK(report.targets.at(0).rows == 45);
  CHECK(data_of(scene) ==
        "upgraded and verified; the old data is kept in volume pgupgrade-0a1b2c3d-db-aside");
}

TEST_CASE("rows that differ fail the run, also when it is resumed, and the old data comes back") {
  Scene scene(kWarmScene);
  scene.probe.on_reach = [&](const std::string& place) {
    if (place == "start:healthy") change_rows(scene);
  };
  const std::string wrong =
      "E-DIFFERENCE: the rows of service \"db\" differ from the old ones: database \"shop\": table "
      "public.orders has ";
  CHECK(error_of([&] { scene.start(); }).substr(0, wrong.size()) == wrong);
  CHECK_THAT(data_of(scene), ContainsSubstring("upgraded, but its rows are not those of the old data"));
  scene.probe.on_reach = {};
  CHECK(error_of([&] { scene.resume(); }).substr(0, wrong.size()) == wrong);
  scene.roll_back();
}

TEST_CASE("a run that is resumed before the applications came back holds the rows again") {
  Scene scene(kWarmScene);
  scene.die_at("hold-rows:after-done");
  CHECK_THAT(data_of(scene), ContainsSubstring("upgraded and verified but for the rows, the old data"));
  CHECK(scene.resume().targets.at(0).rows_compared);
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a run that dies between says that the rows were not compared") {
  Scene scene(kWarmScene);
  scene.die_at("thaw:after-done");
  const auto report = scene.resume();
  CHECK_FALSE(report.targets.at(0).rows_compared);
  CHECK(std::count(scene.listener.codes.begin(), scene.listener.codes.end(), "W-ROWS-NOT-COMPARED") == 1);
  CHECK(scene.wrong_after_success() == "");
  CHECK_THAT(data_of(scene), ContainsSubstring("upgraded and verified but for the rows; the old data"));
}

TEST_CASE("where the superuser's password is not known the rows are compared before the service starts") {
  Scene scene(kWarmScene);
  bool held = false;
  scene.probe.on_reach = [&](const std::string& place) {
    held = held || place == "compare-rows:new-rows-read";
    if (place != "freeze:before-record") return;
    Tree& tree = scene.engine.volume("shop_dbdata").tree;
    auto cluster = read_cluster(tree, ".");
    cluster->roles.at("postgres") = "SCRAM-SHA-256$simulated:of another password";
    write_cluster(tree, ".", *cluster, 0);
  };
  const auto report = scene.start();
  CHECK_FALSE(held);
  CHECK(report.targets.at(0).rows_compared);
  CHECK(report.targets.at(0).rows == 45);
  CHECK(scene.wrong_after_success() == "");
}

}  // namespace pgupgrade::test
