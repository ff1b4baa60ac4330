#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

// A run whose state file was removed, or is a link to nowhere, is still a run.
bool holds_a_run(const RunFiles& files) {
  const auto is_there = [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
  };
  return is_there(files.state()) || is_there(files.previous_state()) || is_there(files.backup_directory());
}

}  // namespace

std::vector<FoundRun> find_runs(const fs::path& state_root) {
  std::vector<FoundRun> runs;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state_root, ignored)) {
    const RunFiles files{.directory = entry.path()};
    if (!holds_a_run(files)) continue;
    FoundRun run{.state_file = files.state()};
    try {
      run.state = Journal::open(files).state();
    } catch (const Error& error) {
      run.problem = error.what();
    }
    runs.push_back(std::move(run));
  }
  const auto age = [](const FoundRun& run) { return run.state ? run.state->created_ms : 0; };
  std::stable_sort(runs.begin(), runs.end(),
                   [&](const FoundRun& left, const FoundRun& right) { return age(left) > age(right); });
  return runs;
}

}  // namespace pgupgrade::upgrade
