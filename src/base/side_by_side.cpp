#include "pgupgrade/base/side_by_side.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pgupgrade {
namespace {

// Signals belong to the thread that waits: a new thread inherits the mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

void in_threads(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t index = next++; index < count && !failed; index = next++) {
      try {
        task(index);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    const SignalsBlocked blocked;
    for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void side_by_side(std::size_t count, int at_once, const std::function<void(std::size_t)>& task) {
  const std::size_t threads = std::min(count, static_cast<std::size_t>(std::max(at_once, 1)));
  if (threads > 1) return in_threads(count, threads, task);
  for (std::size_t index = 0; index < count; ++index) task(index);
}

}  // namespace pgupgrade
