// Deaths of a run on the simulated world, and the two ways on from there.
#pragma once

#include <functional>
#include <string>

#include "support/world/scene.hpp"

namespace pgupgrade::test {

enum class Way { resume, roll_back };

// Runs `action` until the `at`-th place that it reaches. Gives the place where it died; nothing when it came
// to its end.
std::string run_until_crash(Scene& scene, std::size_t at, const std::function<void()>& action);

void go(Scene& scene, Way way);

// Whether some deaths are to stand for all (PGUPGRADE_SAMPLE): all of them take minutes under a sanitizer,
// which looks for other things.
bool is_sampled();

}  // namespace pgupgrade::test
