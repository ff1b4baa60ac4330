#include "pgupgrade/cli/process/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace pgupgrade::cli {

namespace {

// A handler has no other way to what it needs. Lock-free, hence safe there.
std::atomic<Cancellation*> the_cancellation{nullptr};
std::atomic<bool> cursor_hidden{false};
static_assert(std::atomic<Cancellation*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void handle(int signal_number) {
  const int saved_errno = errno;
  Cancellation* const cancellation = the_cancellation.load();
  if (cancellation != nullptr && !cancellation->requested()) {
    cancellation->request(signal_number);
    errno = saved_errno;
    return;
  }
  if (cursor_hidden.load()) {
    constexpr char kShow[] = "\x1b[?25h\n";
    const auto written = write(STDERR_FILENO, kShow, sizeof kShow - 1);
    static_cast<void>(written);  // nothing could be done about it
  }
  _exit(exit_code_of_signal(signal_number));
}

}  // namespace

int exit_code_of_signal(int signal_number) {
  return signal_number == SIGINT ? 130 : 143;
}

void note_hidden_cursor(bool hidden) {
  cursor_hidden.store(hidden);
}

void install_signals(Cancellation& cancellation) {
  the_cancellation.store(&cancellation);
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    // Under nohup(1) the end of the terminal is not to be the end of the run.
    struct sigaction before {};
    sigaction(signal_number, nullptr, &before);
    if (signal_number != SIGHUP || before.sa_handler != SIG_IGN) sigaction(signal_number, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace pgupgrade::cli
