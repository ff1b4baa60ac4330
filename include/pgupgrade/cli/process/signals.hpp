#pragma once

#include "pgupgrade/base/cancel.hpp"

namespace pgupgrade::cli {

// SIGINT, SIGTERM, SIGHUP: the first requests the cancellation, the second ends the process at once with 130
// or 143 (the run's state is sound either way). SIGPIPE is ignored. `cancellation` must outlive the process's
// signals, so it is static in `run`.
void install_signals(Cancellation& cancellation);

// Whether the cursor is hidden on standard error, so that a second signal shows it again on its way out.
void note_hidden_cursor(bool hidden);

// 130 for SIGINT, 143 for every other.
int exit_code_of_signal(int signal_number);

}  // namespace pgupgrade::cli
