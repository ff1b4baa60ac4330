#pragma once

#include <filesystem>
#include <vector>

#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

// What is in a run's directory but state, log and report, which are small and tell what was done.
std::vector<std::filesystem::path> made_files(const RunFiles& files);

}  // namespace pgupgrade::upgrade
