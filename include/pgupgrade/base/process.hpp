#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"

namespace pgupgrade {

struct ProcessOptions {
  std::filesystem::path working_directory;               // empty: ours
  std::map<std::string, std::string> extra_environment;  // added to ours
  std::chrono::milliseconds timeout{60'000};             // after it the child is killed
  std::chrono::milliseconds kill_grace{5'000};           // between SIGTERM and SIGKILL
  const Cancellation* cancellation = nullptr;            // checked while waiting; the child is terminated
  std::size_t output_limit = 64U << 20;                  // bytes of each stream that are kept at most
  int standard_input = -1;                               // a descriptor of the caller's in place of /dev/null
  int standard_output = -1;                              // likewise; nothing of it is kept then
};

struct ProcessResult {
  int exit_code = 0;      // meaningful when signal_number == 0
  int signal_number = 0;  // the signal that ended the child, 0 for none
  std::string standard_output;
  std::string standard_error;
  bool succeeded() const { return signal_number == 0 && exit_code == 0; }
};

// Runs argv[0] (found on PATH) with the given arguments: no shell, standard input is /dev/null, no other
// descriptor of ours is inherited than those that the options name, it leads a process group (the terminal's
// Ctrl-C is ours), both outputs are read as they come. Throws Error(failed, "E-PROCESS") when it cannot be
// found, started, or exceeds the timeout or the limit, Error(interrupted) when cancelled. A non-zero exit is
// a value, not an error.
ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options = {});

// The executable's path as found on PATH, or nothing.
std::optional<std::filesystem::path> find_executable(const std::string& name);

}  // namespace pgupgrade
