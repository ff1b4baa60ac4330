#pragma once

#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/cli/text/style.hpp"
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

// What the run's state tells about the meaning of an error.
enum class RunStanding {
  none,         // no run was begun: nothing can be resumed
  resumable,    // begun, and not ended
  rolled_back,  // begun, failed, and undone
};

// The exit codes of the table in the README. A failure without a run is a preflight that could not be
// finished (3), a refusal in the middle of a run is a failure (5). Of the signals SIGINT is 130 and all
// others are 143.
int exit_code(const Error& error, RunStanding standing, int signal_number);

// Whether `error` ended a run that had stopped something, so that --rollback-on-failure takes it back.
bool is_failure_of_run(const Error& error);

}  // namespace pgupgrade::cli
