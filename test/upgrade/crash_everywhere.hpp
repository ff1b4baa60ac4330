#pragma once

#include <cstddef>

#include "support/world/crash.hpp"

namespace pgupgrade::test {

// Runs that die at each `stride`-th of their places from `offset` on, and the way on from there. All places
// where the whole campaign is asked for.
void crash_everywhere(const SceneOptions& options, Way way, std::size_t stride = 1, std::size_t offset = 0);

}  // namespace pgupgrade::test
