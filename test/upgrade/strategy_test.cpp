#include "pgupgrade/upgrade/strategy/strategy.hpp"

#include <algorithm>
#include <set>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "planning/strategy_rules.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

std::vector<std::string> names_of(const std::vector<StepPlan>& steps, Phase phase) {
  std::vector<std::string> names;
  for (const StepPlan& step : steps)
    if (step.phase == phase) names.push_back(step.name);
  return names;
}

// The state of a run that died, with a plan that this program cannot carry out.
void rewrite_plan(const Scene& scene, const std::function<void(Plan&)>& change) {
  RunState state = upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
  change(state.plan);
  for (const char* suffix : {"", ".previous"})
    write_file_durably(scene.state_file().string() + suffix, upgrade::state_text(state));
}

}  // namespace

TEST_CASE("the dump strategy is down from freeze to thaw, and changes nothing before") {
  const Scene scene;
  CHECK(scene.plan.strategy == "dump");
  CHECK(names_of(scene.plan.steps, Phase::prepare) == std::vector<std::string>{"pull", "rehearse"});
  const auto window = names_of(scene.plan.steps, Phase::window);
  CHECK(window.size() == 16);
  CHECK(window.front() == "freeze");
  CHECK(window.back() == "thaw");
  CHECK(names_of(scene.plan.steps, Phase::after).empty());
}

TEST_CASE("planning knows every strategy, and chooses in the same order") {
  std::vector<std::string> planned;
  for (const planning::StrategyRule& rule : planning::strategy_rules()) planned.emplace_back(rule.name);
  std::vector<std::string> known;
  for (const upgrade::Strategy& strategy : upgrade::strategies()) known.push_back(strategy.name);
  CHECK(planned == known);
}

TEST_CASE("every strategy passes each point that commands ask for, in an order that can be undone") {
  for (const upgrade::Strategy& strategy : upgrade::strategies()) {
    INFO(strategy.name);
    Scene scene;
    scene.plan.strategy = strategy.name;
    upgrade::add_steps(scene.plan);
    std::vector<Point> points;
    std::set<std::string> names;
    for (const StepPlan& step : scene.plan.steps) {
      points.insert(points.end(), step.passes.begin(), step.passes.end());
      names.insert(step.name);
    }
    CHECK(names.size() == scene.plan.steps.size());
    const auto at = [&](Point point) {
      return std::find(points.begin(), points.end(), point) - points.begin();
    };
    const auto end = static_cast<std::ptrdiff_t>(points.size());
    CHECK(at(Point::stops_clients) < at(Point::stops_server));
    CHECK(at(Point::stops_server) < at(Point::replaces_data));
    CHECK(at(Point::replaces_data) < at(Point::declares));
    CHECK(at(Point::declares) < at(Point::serves));
    CHECK(at(Point::serves) < at(Point::releases_clients));
    CHECK(at(Point::releases_clients) < end);
    CHECK(at(Point::proves) < end);
  }
}

TEST_CASE(
    "a run of a strategy or with a step that this program does not know is refused, and changes nothing") {
  const std::vector<std::pair<std::function<void(Plan&)>, std::string>> rows = {
      {[](Plan& plan) { plan.strategy = "magic"; },
       "E-STRATEGY: cannot continue run 0a1b2c3d: this version of pgupgrade does not know its strategy "
       "\"magic\""},
      {[](Plan& plan) { plan.steps[4].name = "conjure"; },
       "E-STRATEGY: cannot continue run 0a1b2c3d: this version of pgupgrade does not know its step "
       "\"conjure\""}};
  for (const auto& [change, refusal] : rows) {
    Scene scene;
    scene.die_at("dump:dumped");
    rewrite_plan(scene, change);
    const std::string before = read_file(scene.state_file());
    CHECK(error_of([&] { scene.resume(); }) == refusal);
    CHECK(error_of([&] { scene.roll_back(); }) == refusal);
    CHECK(read_file(scene.state_file()) == before);
  }
}

TEST_CASE("where the data of an unknown strategy's run is, is told as far as it is known") {
  Scene scene;
  scene.die_at("restore:server-started");
  rewrite_plan(scene, [](Plan& plan) { plan.strategy = "magic"; });
  const RunState state = upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
  CHECK(upgrade::data_state(state) ==
        "the old data is where strategy \"magic\" of pgupgrade 0.1.0 keeps it; the new cluster is not "
        "complete; the applications are stopped");
}

TEST_CASE("a run goes by the steps of its plan, be there more in the strategy by now") {
  Scene scene;
  std::erase_if(scene.plan.steps, [](const StepPlan& step) { return step.name == "verify-dump"; });
  scene.start();
  CHECK(scene.wrong_after_success() == "");
  const RunState state = upgrade::parse_state(read_file(scene.state_file()), scene.state_file());
  CHECK(std::none_of(state.steps.begin(), state.steps.end(),
                     [](const StepRecord& record) { return record.step == "verify-dump"; }));
}

TEST_CASE("a plan without steps starts nothing") {
  Scene scene;
  scene.plan.steps.clear();
  CHECK(error_of([&] { scene.start(); }) == "E-INTERNAL: the plan of run 0a1b2c3d has no steps");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory()));
}

}  // namespace pgupgrade::test
