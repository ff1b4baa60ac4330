#include "pgupgrade/base/wait.hpp"

namespace pgupgrade {

bool wait_until(Clock& clock, const Cancellation& cancellation, Patience patience,
                const std::function<bool()>& look) {
  for (const auto deadline = clock.monotonic() + patience.most;;) {
    const bool last = clock.monotonic() >= deadline;
    if (look()) return true;
    cancellation.throw_if_requested();
    if (last) return false;
    clock.pause(patience.between_looks);
  }
}

}  // namespace pgupgrade
