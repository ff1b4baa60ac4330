#pragma once

#include <atomic>

namespace pgupgrade {

// A request to stop at the next safe point. Set from a signal handler, hence lock-free.
class Cancellation {
 public:
  void request(int signal_number) { signal_.store(signal_number, std::memory_order_relaxed); }
  bool requested() const { return signal_.load(std::memory_order_relaxed) != 0; }
  int signal_number() const { return signal_.load(std::memory_order_relaxed); }
  // Throws Error(interrupted, "E-INTERRUPTED") when requested.
  void throw_if_requested() const;

 private:
  std::atomic<int> signal_{0};
};

}  // namespace pgupgrade
