#include "support/world/crash.hpp"

#include <stdlib.h>

#include <optional>

namespace pgupgrade::test {

std::string run_until_crash(Scene& scene, std::size_t at, const std::function<void()>& action) {
  scene.probe.arm(at);
  std::string place;
  try {
    action();
  } catch (const Crash& crash) {
    place = crash.place;
  }
  scene.probe.arm(std::nullopt);
  return place;
}

void go(Scene& scene, Way way) {
  if (way == Way::roll_back)
    scene.roll_back();
  else
    scene.resume();
}

bool is_sampled() {
  return ::getenv("PGUPGRADE_SAMPLE") != nullptr;
}

}  // namespace pgupgrade::test
