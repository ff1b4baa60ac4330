#include "pgupgrade/compose/sources.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "pgupgrade/base/files.hpp"

namespace pgupgrade::compose {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 200;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

void read_into(Sources& sources, const std::string& path) {
  sources.texts.emplace(path, read_file(path));
}

// Adds what the file at `path` names, taken from `directory`, where Compose looks first, or from its own.
void follow(Sources& sources, const std::string& path, const fs::path& directory) {
  for (const std::string& written : referenced_files(sources.texts.at(path))) {
    for (const fs::path& base : {directory, fs::path(path).parent_path()}) {
      const std::string next = (base / written).lexically_normal().string();
      const bool known = std::find(sources.compose_files.begin(), sources.compose_files.end(), next) !=
                         sources.compose_files.end();
      if (known) break;
      if (!is_file(next) || sources.compose_files.size() >= kMostFiles) continue;
      read_into(sources, next);
      sources.compose_files.push_back(next);
      break;
    }
  }
}

// As above for what `env_file:` names: only to be edited, so a name with variables is left out.
void read_service_env_files(Sources& sources, const std::string& path, const fs::path& directory) {
  for (const std::string& written : service_env_files(sources.texts.at(path)))
    for (const fs::path& base : {directory, fs::path(path).parent_path()}) {
      const std::string file = (base / written).lexically_normal().string();
      if (sources.texts.contains(file) || !is_file(file)) continue;
      read_into(sources, file);
      break;
    }
}

}  // namespace

Sources read_sources(const ProjectLocation& location, Environment environment) {
  Sources sources;
  sources.environment = std::move(environment);
  for (const fs::path& file : location.files) {
    sources.compose_files.push_back(file.lexically_normal().string());
    read_into(sources, sources.compose_files.back());
  }
  sources.given_files = sources.compose_files.size();
  const fs::path directory = location.files.empty() ? fs::path() : location.files.front().parent_path();
  for (std::size_t i = 0; i < sources.compose_files.size(); ++i) {
    const std::string path = sources.compose_files[i];
    follow(sources, path, i < sources.given_files ? directory : fs::path(path).parent_path());
  }
  for (const std::string& path : sources.compose_files) read_service_env_files(sources, path, directory);
  std::vector<fs::path> env_files = location.env_files;
  if (env_files.empty()) env_files.push_back(directory / ".env");
  for (const fs::path& file : env_files) {
    if (!is_file(file)) continue;
    sources.env_files.push_back(file.lexically_normal().string());
    read_into(sources, sources.env_files.back());
  }
  return sources;
}

}  // namespace pgupgrade::compose
