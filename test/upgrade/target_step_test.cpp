// The runner and steps that work on each target for itself, on several at once where the world has it.
#include "upgrade/run/target_step.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"
#include "upgrade/run/runner.hpp"

namespace pgupgrade::test {
namespace {

using upgrade::Journal;
using upgrade::StepContext;

// What targets do that must come together. They wait for each other in vain when they go one after the other.
struct Meeting {
  bool come() {
    std::unique_lock lock(mutex);
    ++came;
    all.notify_all();
    return all.wait_for(lock, std::chrono::seconds(20), [&] { return came >= expected; });
  }
  int expected = 1;
  int came = 0;
  std::mutex mutex;
  std::condition_variable all;
};

class MeetingStep final : public upgrade::TargetStep {
 public:
  MeetingStep(Meeting& meeting, std::set<std::string>& failing) : meeting_(meeting), failing_(failing) {}
  std::string_view name() const override { return "meet"; }
  std::string describe(const Plan&) const override { return {}; }
  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (!meeting_.come()) throw Error(ErrorKind::failed, "E-STEP", "nobody came");
    context.record(target, "note", "of " + target.service);
    context.learn(target, [](TargetState& state) { state.old_started_at = "then"; });
    context.note("done with " + target.service);
    if (failing_.contains(target.service))
      throw Error(ErrorKind::failed, "E-STEP", target.service + " failed");
    context.record(target, "met", "yes");
  }
  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "met");
  }
  void undo_for(StepContext&, const TargetPlan& target) override { taken_back.push_back(target.service); }
  std::vector<std::string> taken_back;

 private:
  Meeting& meeting_;
  std::set<std::string>& failing_;
};

struct Run {
  explicit Run(int targets) {
    for (int index = 1; index < targets; ++index) {
      TargetPlan another = scene.plan.targets[0];
      another.service += std::to_string(index + 1);
      scene.plan.targets.push_back(another);
    }
    scene.plan.jobs = targets;
    scene.plan.steps = {{.name = "meet", .passes = {}}};
    auto step = std::make_unique<MeetingStep>(meeting, failing);
    taken_back = &step->taken_back;
    steps.push_back(std::move(step));
  }
  void forward(Journal& journal) {
    upgrade::World world = scene.world();
    world.at_once = at_once;
    upgrade::Runner(steps, journal, world, scene.listener).run_forward();
  }
  Journal begin() {
    return Journal::create({.directory = scene.run_directory()}, {.created_ms = 7, .plan = scene.plan});
  }

  Scene scene;
  Meeting meeting;
  std::set<std::string> failing;
  upgrade::Steps steps;
  std::vector<std::string>* taken_back = nullptr;
  int at_once = 8;
};

}  // namespace

TEST_CASE("targets are worked on at the same time, and each is recorded") {
  Run run(4);
  run.meeting.expected = 4;
  Journal journal = run.begin();
  run.forward(journal);
  const RunState written = Journal::open(journal.files()).state();
  CHECK(written == journal.state());
  CHECK(journal.find("meet")->phase == StepPhase::done);
  for (const TargetPlan& target : run.scene.plan.targets) {
    CHECK(journal.find("meet", target.service)->attempt == 1);
    CHECK(journal.datum("meet", target.service + ".note") == "of " + target.service);
    CHECK(journal.target(target.service).old_started_at == "then");
  }
  CHECK(run.scene.listener.messages.size() == 4);
}

TEST_CASE("a target that fails keeps no other from its end, and it alone is done again") {
  Run run(3);
  run.meeting.expected = 3;
  run.failing = {"db2"};
  Journal journal = run.begin();
  CHECK(error_of([&] { run.forward(journal); }) == "E-STEP: db2 failed");
  CHECK(journal.find("meet")->phase == StepPhase::started);
  CHECK(journal.find("meet", "db")->phase == StepPhase::done);
  CHECK(journal.find("meet", "db2")->phase == StepPhase::started);
  CHECK(journal.find("meet", "db3")->phase == StepPhase::done);
  run.failing.clear();
  run.meeting.came = 0;
  run.meeting.expected = 1;
  Journal again = Journal::open(journal.files());
  run.forward(again);
  CHECK(run.meeting.came == 1);
  CHECK(again.find("meet")->phase == StepPhase::done);
  CHECK(again.attempt("meet", "db2") == 2);
  CHECK(again.attempt("meet", "db") == 1);
}

TEST_CASE("of targets that go at once those that fail are given up, and taken back one after the other") {
  Run run(4);
  run.scene.plan.keep_going = true;
  run.meeting.expected = 4;
  run.failing = {"db2", "db4"};
  Journal journal = run.begin();
  run.forward(journal);
  CHECK(*run.taken_back == std::vector<std::string>{"db2", "db4"});
  CHECK(journal.find("meet")->phase == StepPhase::done);
  CHECK(journal.targets_kept().size() == 2);
  CHECK(journal.targets_not_back().size() == 2);
  CHECK(journal.target("db4").given_up == GivenUp::back);
  CHECK(journal.target("db4").failure == "E-STEP: db4 failed");
  CHECK(journal.find("meet", "db4")->phase == StepPhase::undone);
  CHECK(Journal::open(journal.files()).state() == journal.state());
}

TEST_CASE("when all targets fail at once one is left, and its error is the run's") {
  Run run(3);
  run.scene.plan.keep_going = true;
  run.meeting.expected = 3;
  run.failing = {"db", "db2", "db3"};
  Journal journal = run.begin();
  CHECK_THAT(error_of([&] { run.forward(journal); }), ContainsSubstring(" failed"));
  REQUIRE(journal.targets_kept().size() == 1);
  CHECK(journal.targets_not_back().size() == 3);
  CHECK(run.taken_back->empty());
  run.failing.clear();
  run.meeting.came = 0;
  run.meeting.expected = 1;
  Journal again = Journal::open(journal.files());
  run.forward(again);
  CHECK(run.taken_back->size() == 2);
  CHECK(again.targets_not_back().size() == 1);
  CHECK(again.find("meet")->phase == StepPhase::done);
}

TEST_CASE("two targets go at once for each job of the plan at most") {
  Run run(5);
  upgrade::World world = run.scene.world();
  const auto at_once = [&](int of_world, int jobs) {
    run.scene.plan.jobs = jobs;
    Journal journal =
        Journal::create({.directory = run.scene.run_directory() / std::to_string(of_world * 100 + jobs)},
                        {.created_ms = 7, .plan = run.scene.plan});
    world.at_once = of_world;
    return StepContext{.journal = journal, .world = world, .listener = run.scene.listener, .step = "meet"}
        .at_once();
  };
  CHECK(at_once(1, 4) == 1);
  CHECK(at_once(8, 1) == 2);
  CHECK(at_once(8, 4) == 5);
  CHECK(at_once(3, 4) == 3);
}

TEST_CASE("a request to stop is heeded between one target and the next") {
  Run run(2);
  run.at_once = 1;
  run.scene.probe.on_reach = [&](const std::string& place) {
    if (place == "meet:one-done") run.scene.cancellation.request(2);
  };
  Journal journal = run.begin();
  CHECK_THAT(error_of([&] { run.forward(journal); }), ContainsSubstring("E-INTERRUPTED"));
  CHECK(journal.attempt("meet", "db") == 1);
  CHECK(journal.attempt("meet", "db2") == 0);
}

}  // namespace pgupgrade::test
