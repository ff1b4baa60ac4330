#pragma once

#include <cstdint>

#include "pgupgrade/base/clock.hpp"

namespace pgupgrade::test {

// Time that passes only when somebody waits.
class SimulatedClock final : public Clock {
 public:
  std::int64_t unix_ms() const override { return 1'700'000'000'000 + now_.count(); }
  std::chrono::milliseconds monotonic() const override { return now_; }
  void pause(std::chrono::milliseconds length) override { now_ += length; }

 private:
  std::chrono::milliseconds now_{0};
};

}  // namespace pgupgrade::test
