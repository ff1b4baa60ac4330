#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

TEST_CASE("a whole upgrade ends with the new version, the same content and everything running") {
  Scene scene;
  const auto report = scene.start();
  CHECK(scene.wrong_after_success() == "");
  CHECK(report.outcome == RunOutcome::succeeded);
}

TEST_CASE("a rollback after a whole upgrade gives everything back") {
  Scene scene;
  scene.start();
  const auto report = scene.roll_back();
  CHECK(scene.wrong_after_rollback() == "");
  CHECK(report.outcome == RunOutcome::rolled_back);
}

}  // namespace
}  // namespace pgupgrade::test
