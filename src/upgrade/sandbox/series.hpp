#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// One of several commands that a work container runs.
struct SeriesCommand {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // beside the container's own
};

// Runs the commands one after the other in one work container of `spec` (whose argv and last_line are not
// looked at), up to the first that fails: starting a container takes longer than most of them. Returns the
// results of those that ran; only the last may have another exit code than 0. `tick` is called about twice a
// second, with the index of the command that runs. As run_work on cancellation.
std::vector<WorkResult> run_series(World& world, const WorkSpec& spec,
                                   const std::vector<SeriesCommand>& commands,
                                   const std::function<void(std::size_t)>& tick = {});

// Its two halves: what the container runs, and what came of each command that has ended by what it printed.
std::vector<std::string> series_argv(const std::vector<SeriesCommand>& commands);
std::vector<WorkResult> series_results(const std::string& standard_output, const std::string& standard_error);

}  // namespace pgupgrade::upgrade
