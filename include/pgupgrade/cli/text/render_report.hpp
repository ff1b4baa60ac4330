#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/model/run_state.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"

namespace pgupgrade::cli {

// "postgresql://app@127.0.0.1:49153/shop", without a password.
std::string connection_string(const upgrade::KeptServer& server);

// What a run that ended tells: versions, durations, what was proven, where the backup is, what to type next.
std::string render_report(const upgrade::Report& report, const std::string& project,
                          const std::string& current_directory, const Style& style);

struct RunStatus {
  RunState state;
  std::string state_file;
  std::string data;                      // upgrade::data_state
  std::vector<std::string> next;         // upgrade::next_commands
  std::vector<std::string> preparation;  // upgrade::preparation
  std::vector<std::string> leftovers;    // containers and volumes, a line each
  std::string engine_problem;            // why leftovers are not known, empty if they are
};
std::string render_status(const RunStatus& status, const std::string& current_directory, const Style& style);

std::string render_cleanup(const upgrade::CleanupReport& report, bool done, const Style& style);
std::string render_locks(const std::vector<upgrade::HeldLock>& locks, const Style& style);

// "stopped in step 6 (dump)", "rolled back", …
std::string outcome_text(const RunState& state);

}  // namespace pgupgrade::cli
