// What is thrown below a step and is no error of ours: the step has failed all the same, and the run goes on.
#include <filesystem>
#include <functional>
#include <new>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

using namespace pgupgrade;
using namespace pgupgrade::test;

namespace {

struct Unexpected {
  std::function<void()> thrown;
  std::string told;
};

const std::vector<Unexpected> kUnexpected = {
    {[] {
       throw std::filesystem::filesystem_error("rename", "/srv/a",
                                               std::make_error_code(std::errc::no_space_on_device));
     },
     "E-FILE: could not use /srv/a: No space left on device"},
    {[] { throw std::bad_alloc(); }, "E-MEMORY: could not allocate memory"},
    {[] { static_cast<void>(std::stoi("x")); }, "E-INTERNAL: cannot continue: stoi"},
};

}  // namespace

TEST_CASE("whatever a step throws, it has failed, and the run can be resumed") {
  for (const Unexpected& unexpected : kUnexpected) {
    for (const std::string place : {"backup:after-record", "dump:after-action", "restore:after-record"}) {
      Scene scene;
      scene.probe.on_reach = [&](const std::string& reached) {
        if (reached == place) unexpected.thrown();
      };
      INFO(place << ": " << unexpected.told);
      CHECK(error_of([&] { scene.start(); }) == unexpected.told);
      REQUIRE_FALSE(scene.listener.events.empty());
      const auto& last = scene.listener.events.back();
      CHECK(last.step == place.substr(0, place.find(':')));
      CHECK(last.kind == upgrade::StepEventKind::failed);
      scene.probe.on_reach = {};
      CHECK(scene.resume().outcome == RunOutcome::succeeded);
      CHECK(scene.wrong_after_success() == "");
    }
  }
}

TEST_CASE("whatever an undo throws, the rollback has failed, and can be repeated") {
  for (const Unexpected& unexpected : kUnexpected) {
    Scene scene;
    scene.die_at("verify:after-record");
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached == "dump:undo-after-record") unexpected.thrown();
    };
    INFO(unexpected.told);
    try {
      scene.roll_back();
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() + ": " + error.what() == unexpected.told);
      CHECK(error.moment() == Moment::going_back);
      CHECK(error.hint().find("the old data of") != std::string::npos);
    }
    CHECK(scene.listener.events.back().kind == upgrade::StepEventKind::failed);
    scene.probe.on_reach = {};
    CHECK(scene.roll_back().outcome == RunOutcome::rolled_back);
    CHECK(scene.wrong_after_rollback() == "");
  }
}

TEST_CASE("what is thrown while a finished step is looked at again has failed that step") {
  for (const Unexpected& unexpected : kUnexpected) {
    Scene scene;
    scene.die_at("dump:after-record");
    scene.probe.on_reach = [&](const std::string& reached) {
      if (reached == "resume:leftovers-removed")
        scene.faulty.on_call = [&](const std::string&) { unexpected.thrown(); };
    };
    scene.listener.events.clear();
    INFO(unexpected.told);
    CHECK(error_of([&] { scene.resume(); }) == unexpected.told);
    REQUIRE(scene.listener.events.size() == 1);
    CHECK(scene.listener.events.front().step == "pull");
    CHECK(scene.listener.events.front().kind == upgrade::StepEventKind::failed);
    scene.probe.on_reach = {};
    scene.faulty.on_call = {};
    CHECK(scene.resume().outcome == RunOutcome::succeeded);
    CHECK(scene.wrong_after_success() == "");
  }
}
