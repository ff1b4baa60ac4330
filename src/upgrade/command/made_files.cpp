#include "upgrade/command/made_files.hpp"

#include "pgupgrade/upgrade/command/run_report.hpp"

namespace pgupgrade::upgrade {

std::vector<std::filesystem::path> made_files(const RunFiles& files) {
  std::vector<std::filesystem::path> paths;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(files.directory, ignored)) {
    const auto& path = entry.path();
    if (path == files.state() || path == files.previous_state() || path == files.log() ||
        path == report_file(files) || path == report_page_file(files))
      continue;
    paths.push_back(path);
  }
  return paths;
}

}  // namespace pgupgrade::upgrade
