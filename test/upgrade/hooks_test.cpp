// The user's own commands at moments of a run.
#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

const char* const kTell = "echo \"$PGUPGRADE_PROJECT $PGUPGRADE_SERVICES $PGUPGRADE_FROM $PGUPGRADE_TO\"";

std::vector<std::string> told_by_hooks(const Scene& scene) {
  std::vector<std::string> lines;
  for (std::size_t index = 0; index < scene.listener.codes.size(); ++index)
    if (scene.listener.codes[index] == "N-HOOK") lines.push_back(scene.listener.messages[index].second);
  return lines;
}

}  // namespace

TEST_CASE("hooks run at their moments, with the run's facts, in both strategies") {
  for (const char* strategy : {"dump", "warm"}) {
    Scene scene({.unlogged = false,
                 .strategy = strategy,
                 .hooks = {.before_freeze = kTell,
                           .after_verify = "[ -f \"$PGUPGRADE_STATE\" ] && echo \"$PGUPGRADE_RUN\" >&2",
                           .after_thaw = "pwd"}});
    INFO(strategy);
    std::vector<std::string> order;
    scene.listener.on_step = [&](const upgrade::StepEvent& event) {
      if (event.kind == upgrade::StepEventKind::done) order.push_back(event.step);
    };
    scene.start();
    CHECK(scene.wrong_after_success() == "");
    const auto at = [&](const std::string& step) {
      return std::find(order.begin(), order.end(), step) - order.begin();
    };
    CHECK(at("before-freeze") + 1 == at("freeze"));
    CHECK(at("verify") + 1 == at("after-verify"));
    CHECK(at("thaw") + 1 == at("after-thaw"));
    CHECK(order.back() == (scene.plan.verify == Verify::deferred ? "compare-rows" : "after-thaw"));
    CHECK(told_by_hooks(scene) ==
          std::vector<std::string>{"before-freeze: shop db 15 17", "after-verify: 0a1b2c3d",
                                   "after-thaw: " + std::filesystem::canonical(scene.root).string()});
    scene.roll_back();
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("a hook that fails stops the run there, and resume runs it again") {
  const std::string once =
      "if [ -e tried ]; then echo well; else touch tried; echo 'no space left' >&2; exit 3; fi";
  for (int moment = 0; moment < 3; ++moment) {
    Hooks hooks;
    std::string* const commands[] = {&hooks.before_freeze, &hooks.after_verify, &hooks.after_thaw};
    const char* const names[] = {"before-freeze", "after-verify", "after-thaw"};
    *commands[moment] = once;
    Scene scene({.hooks = hooks});
    INFO(names[moment]);
    CHECK(error_of([&] { scene.start(); }) == std::string("E-HOOK: the command of --") + names[moment] +
                                                  " failed with exit code 3; last lines: no space left");
    CHECK(scene.wrong_at_crash() == "");
    CHECK(scene.container("web").info.running() == (moment != 1));
    CHECK(scene.resume().outcome == RunOutcome::succeeded);
    CHECK(scene.wrong_after_success() == "");
    CHECK(told_by_hooks(scene).back() == std::string(names[moment]) + ": well");
  }
}

TEST_CASE("a hook that has ended is not run again by a resume") {
  Scene scene({.hooks = {.before_freeze = "echo x >>times"}});
  scene.die_at("backup:after-record");
  scene.resume();
  CHECK(read_file(scene.root / "times") == "x\n");
  CHECK(scene.wrong_after_success() == "");
}

TEST_CASE("a run whose hook fails is rolled back as any other") {
  Scene scene({.hooks = {.after_verify = "kill -9 $$"}});
  CHECK(error_of([&] { scene.start(); }) == "E-HOOK: the command of --after-verify was ended by signal 9");
  scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
}

}  // namespace pgupgrade::test
