#pragma once

#include <cstddef>
#include <functional>

namespace pgupgrade {

// Carries tasks 0 … count - 1 out, up to `at_once` at the same time, each in a thread; one after the other in
// the calling thread when that is one. After the first failure none is begun any more; it is thrown once
// those that had begun have ended. Threads take no signals.
void side_by_side(std::size_t count, int at_once, const std::function<void(std::size_t)>& task);

}  // namespace pgupgrade
