#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/model/request.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

// The project as the user names it: --compose, else COMPOSE_FILE (with COMPOSE_PATH_SEPARATOR), else what
// Compose would take in `directory`; COMPOSE_PROJECT_NAME, COMPOSE_PROFILES and COMPOSE_ENV_FILES likewise.
// Throws Error(usage, "E-NO-FILE") that names a file that is absent or that none was found.
ProjectLocation find_project(const Arguments& arguments, const Environment& environment,
                             const std::filesystem::path& directory);

// --verify, where it was given.
std::optional<Verify> asked_verify(const Arguments& arguments);

// Also checks the password file: Error(usage, "E-NO-FILE" or "E-PASSWORD-FILE") when it is absent or others
// may read it.
Request make_request(const Arguments& arguments, const Environment& environment,
                     const std::filesystem::path& directory);

// Absolute. Error(usage, "E-NO-FILE" or "E-USAGE") for one that is absent or cannot be read.
std::vector<std::string> checked_scripts(const std::vector<std::string>& names,
                                         const std::filesystem::path& directory);

// The same of a request that was saved: what it names may be gone by now.
void check_files_of(const Request& request);

// Where runs may be: --state-dir alone; else .pgupgrade beside the first compose file (--compose,
// COMPOSE_FILE), and in `directory`. Need not exist.
std::vector<std::filesystem::path> state_roots(const Arguments& arguments, const Environment& environment,
                                               const std::filesystem::path& directory);

// The run that a command without --state means: the only unfinished one, else the newest. A run whose state
// cannot be read counts as unfinished. Nothing when there is no run.
// Throws Error(usage, "E-SEVERAL-RUNS") that lists them when several are unfinished.
std::optional<upgrade::FoundRun> choose_run(const std::vector<upgrade::FoundRun>& runs);

// Whether a state file is that of a migration, by its name.
bool is_migration(const std::filesystem::path& state_file);
// The same of scripts tried within one server.
bool is_alternate(const std::filesystem::path& state_file);

// The state file that --state names (a file, a run's directory, or its id), or that choose_run finds under
// the roots; where there is no run at all, the only rehearsal within a server. Throws Error(usage,
// "E-NO-RUN", "E-SEVERAL-RUNS" or "E-NO-FILE").
std::filesystem::path find_state_file(const Arguments& arguments, const Environment& environment,
                                      const std::filesystem::path& directory);

// The state files of upgrades under the roots that ended before then, oldest first. A run that has not
// finished, or cannot be read, has not ended.
std::vector<std::filesystem::path> find_ended_runs(const Arguments& arguments, const Environment& environment,
                                                   const std::filesystem::path& directory,
                                                   std::int64_t before_ms);

}  // namespace pgupgrade::cli
