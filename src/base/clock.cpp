#include "pgupgrade/base/clock.hpp"

#include <thread>

namespace pgupgrade {

std::int64_t SystemClock::unix_ms() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::chrono::milliseconds SystemClock::monotonic() const {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_boot);
}

void SystemClock::pause(std::chrono::milliseconds length) {
  std::this_thread::sleep_for(length);
}

}  // namespace pgupgrade
