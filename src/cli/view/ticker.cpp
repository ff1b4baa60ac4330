#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <thread>

#include "pgupgrade/cli/view/views.hpp"

namespace pgupgrade::cli {

struct Ticker::State {
  std::mutex mutex;
  std::condition_variable ended;
  bool end = false;
  std::thread thread;
};

Ticker::Ticker(View& view, std::chrono::milliseconds interval) : state_(std::make_unique<State>()) {
  // Signals belong to the thread that runs: a new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  state_->thread = std::thread([state = state_.get(), &view, interval] {
    std::unique_lock lock(state->mutex);
    while (!state->ended.wait_for(lock, interval, [state] { return state->end; })) {
      lock.unlock();
      view.tick();
      lock.lock();
    }
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Ticker::~Ticker() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->end = true;
  }
  state_->ended.notify_all();
  state_->thread.join();
}

}  // namespace pgupgrade::cli
