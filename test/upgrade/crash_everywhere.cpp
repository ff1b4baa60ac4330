#include "upgrade/crash_everywhere.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "upgrade/campaign.hpp"

namespace pgupgrade::test {

void crash_everywhere(const SceneOptions& options, Way way, std::size_t stride, std::size_t offset) {
  Scene undisturbed(options);
  undisturbed.start();
  const auto places = undisturbed.probe.places;
  REQUIRE(places.size() > (options.targets > 1 ? 120U : 80U));
  constexpr std::size_t kOfSeveral = 9;
  if (is_sampled() && options.targets > 1) stride *= kOfSeveral;
  if (whole_campaign()) stride = 1;
  for (std::size_t at = offset % stride; at < places.size(); at += stride) {
    Scene scene(options);
    const std::string place = run_until_crash(scene, at, [&] { scene.start(); });
    INFO("died at " << place << " (" << at << ")");
    REQUIRE(place == places[at]);
    CHECK(scene.wrong_at_crash() == "");
    try {
      go(scene, way);
      CHECK((way == Way::resume ? scene.wrong_after_success() : scene.wrong_after_rollback()) == "");
    } catch (const Error& error) {
      FAIL_CHECK(error.code() << ": " << error.what());
    }
  }
}

}  // namespace pgupgrade::test
