#pragma once

#include <chrono>
#include <cstdint>

namespace pgupgrade {

// Time as a dependency, so that tests need not wait.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;                  // wall clock, for records and names
  virtual std::chrono::milliseconds monotonic() const = 0;   // for durations and deadlines
  virtual void pause(std::chrono::milliseconds length) = 0;  // between two polls; never "for luck"
};

class SystemClock final : public Clock {
 public:
  std::int64_t unix_ms() const override;
  std::chrono::milliseconds monotonic() const override;
  void pause(std::chrono::milliseconds length) override;
};

}  // namespace pgupgrade
