#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace pgupgrade::cli {

// The rate of the last seconds, and what it promises. Times are monotonic.
class Meter {
 public:
  void restart(std::chrono::milliseconds now);
  void update(std::int64_t done, std::int64_t total, std::chrono::milliseconds now);

  // Units per second over the last 10 s; nothing before 1 s has been seen.
  std::optional<double> rate() const;
  // Nothing without a rate or a total.
  std::optional<std::chrono::milliseconds> left() const;

 private:
  struct Sample {
    std::chrono::milliseconds at{0};
    std::int64_t done = 0;
  };
  std::deque<Sample> samples_;
  std::int64_t total_ = 0;
};

}  // namespace pgupgrade::cli
