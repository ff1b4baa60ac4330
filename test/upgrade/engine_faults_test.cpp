#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"
#include "upgrade/campaign.hpp"

namespace pgupgrade::test {
namespace {

struct Failure {
  bool happened = false;
  std::string what;
};

Failure with_fault(Scene& scene, std::size_t at, Fault fault, const std::function<void()>& action) {
  scene.faulty.arm(at, fault);
  Failure failure;
  try {
    action();
  } catch (const Error& error) {
    failure = {.happened = true, .what = error.code() + ": " + error.what()};
  } catch (const Crash& crash) {
    failure = {.happened = true, .what = "died at " + crash.place};
  }
  const std::string call = at < scene.faulty.calls.size() ? scene.faulty.calls[at] : "none";
  failure.what = "call " + std::to_string(at) + " (" + call + "): " + failure.what;
  scene.faulty.arm(std::nullopt, fault);
  return failure;
}

std::size_t calls_of_run() {
  Scene scene;
  scene.start();
  return scene.faulty.calls.size();
}

std::size_t calls_of_rollback() {
  Scene scene;
  scene.start();
  scene.faulty.arm(std::nullopt, Fault::refused);
  scene.roll_back();
  return scene.faulty.calls.size();
}

// A run that failed before it had stopped anything withdraws itself, and may be begun again.
void finish_by_resume(Scene& scene) {
  if (!std::filesystem::exists(scene.state_file())) {
    scene.plan.run_id = "ffffffff";  // nothing that the first has left may stand in the way of another
    scene.start();
    return;
  }
  scene.resume();
}

void fail_call(Fault fault, std::size_t at, bool go_back) {
  Scene scene;
  const Failure failure = with_fault(scene, at, fault, [&] { scene.start(); });
  INFO(failure.what << (go_back ? ", then rollback" : ", then resume"));
  CHECK(scene.wrong_at_crash() == "");
  try {
    if (go_back && std::filesystem::exists(scene.state_file())) {
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
    } else {
      finish_by_resume(scene);
      CHECK(scene.wrong_after_success() == "");
    }
  } catch (const Error& error) {
    FAIL_CHECK(error.code() << ": " << error.what());
  }
}

// Resume and rollback in turn; in a campaign both after each.
void fail_each_call(Fault fault, std::size_t stride, std::size_t offset) {
  const std::size_t calls = calls_of_run();
  REQUIRE(calls > 100);
  if (whole_campaign()) stride = 1;
  for (std::size_t at = offset % stride; at < calls; at += stride) {
    const bool odd = (at / stride) % 2 == 1;
    fail_call(fault, at, odd);
    if (whole_campaign()) fail_call(fault, at, !odd);
  }
}

}  // namespace

TEST_CASE("a run whose every call to the engine is refused once can be resumed or undone") {
  fail_each_call(Fault::refused, 7, 1);
}

TEST_CASE("a run that loses the reply to a call can be resumed or undone") {
  fail_each_call(Fault::reply_lost, 17, 4);
}

TEST_CASE("a run that dies at a call to the engine can be resumed or undone") {
  fail_each_call(Fault::crash_before, 29, 3);
  fail_each_call(Fault::crash_after, 29, 17);
}

TEST_CASE("a rollback whose every call to the engine fails once comes to its end the next time") {
  const std::size_t calls = calls_of_rollback();
  REQUIRE(calls > 40);
  for (std::size_t at = 0; at < calls; at += whole_campaign() ? 1 : 3) {
    Scene scene;
    scene.start();
    const Failure failure =
        with_fault(scene, at, at % 2 == 0 ? Fault::refused : Fault::reply_lost, [&] { scene.roll_back(); });
    INFO(failure.what);
    CHECK(scene.wrong_at_crash() == "");
    try {
      scene.roll_back();
      CHECK(scene.wrong_after_rollback() == "");
    } catch (const Error& error) {
      FAIL_CHECK(error.code() << ": " << error.what());
    }
  }
}

}  // namespace pgupgrade::test
