#pragma once

#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/cli/style.hpp"
#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade::cli {

// Where an error left the user: what stands below its first line.
struct Situation {
  std::string data = "untouched";
  std::string log;                // path, empty when there is none
  std::vector<std::string> next;  // commands, the best first
};

// What could not be done, while doing what, the state of the data, the log's place, and what to type next.
std::string error_text(const Error& error, const Situation& situation, const Style& style);

// A preflight error in the same form.
Error as_error(const Diagnostic& diagnostic);

// What the run's state tells about the meaning of an error.
enum class RunStanding {
  none,         // no run was begun: nothing can be resumed
  resumable,    // begun, and not ended
  rolled_back,  // begun, failed, and undone
};

// The exit codes of the table in the README. A failure without a run is a preflight that could not be
// finished (3). Of the signals SIGINT is 130 and all others are 143.
int exit_code(ErrorKind kind, RunStanding standing, int signal_number);

// Any exception as an Error; one that is not ours is a defect: Error(internal, "E-INTERNAL").
Error as_error(const std::exception& exception);

}  // namespace pgupgrade::cli
