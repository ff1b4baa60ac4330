#pragma once

#include <chrono>
#include <functional>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"

namespace pgupgrade {

// How often is looked, and how long at most.
struct Patience {
  std::chrono::milliseconds most;
  std::chrono::milliseconds between_looks{500};
};

// Looks until `look` says that what is waited for has come; false when it has not within the patience. The
// first look is at once, the last one after the patience has ended. Throws Error(interrupted) when cancelled
// and a look has found nothing.
bool wait_until(Clock& clock, const Cancellation& cancellation, Patience patience,
                const std::function<bool()>& look);

}  // namespace pgupgrade
