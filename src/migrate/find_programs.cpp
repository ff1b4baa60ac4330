#include <algorithm>
#include <charconv>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/programs.hpp"

namespace pgupgrade::migrate {
namespace fs = std::filesystem;

namespace {

// Where packages put the programs of each major: Debian's and PGDG's.
constexpr const char* kRoots[] = {"/usr/lib/postgresql", "/usr"};

std::string version_of(const fs::path& program) {
  try {
    const ProcessResult result =
        run_process({program.native(), "--version"}, {.timeout = std::chrono::seconds(10)});
    return result.succeeded() ? version_in(result.standard_output) : std::string();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return {};  // what cannot be run is as good as absent
  }
}

// Debian's, which runs a version that it chooses anew each time.
bool is_wrapper(const fs::path& program) {
  std::error_code ignored;
  return fs::canonical(program, ignored).filename() == "pg_wrapper";
}

std::optional<ClientPrograms> programs_in(const fs::path& directory) {
  if (is_wrapper(directory / "pg_dump")) return std::nullopt;
  for (const char* name : {"pg_dump", "pg_restore", "vacuumdb"})
    if (!find_executable((directory / name).native())) return std::nullopt;
  const std::string version = version_of(directory / "pg_dump");
  if (version.empty() || version_of(directory / "pg_restore") != version) return std::nullopt;
  ClientPrograms found{.major = 0, .version = version, .directory = directory, .image = {}};
  std::from_chars(version.data(), version.data() + version.size(), found.major);
  if (found.major < 10) return std::nullopt;
  return found;
}

std::vector<fs::path> packaged_directories() {
  std::vector<fs::path> directories;
  for (const char* root : kRoots) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root, ignored)) {
      const std::string name = entry.path().filename().native();
      if (fs::path(root) == "/usr" && !name.starts_with("pgsql-")) continue;
      directories.push_back(entry.path() / "bin");
    }
  }
  std::sort(directories.begin(), directories.end());
  return directories;
}

}  // namespace

std::string version_in(const std::string& output) {
  constexpr std::string_view kMark = "(PostgreSQL) ";
  const std::size_t at = output.find(kMark);
  if (at == std::string::npos) return {};
  const std::string_view rest = std::string_view(output).substr(at + kMark.size());
  return std::string(trim(rest.substr(0, rest.find_first_of(" \n"))));
}

std::vector<ClientPrograms> find_programs(const std::vector<fs::path>& path) {
  std::vector<fs::path> directories = path;
  for (fs::path& directory : packaged_directories()) directories.push_back(std::move(directory));
  std::vector<ClientPrograms> found;
  for (const fs::path& directory : directories) {
    if (!directory.is_absolute()) continue;
    if (auto programs = programs_in(directory)) found.push_back(std::move(*programs));
  }
  // Of one major the first one found.
  std::stable_sort(found.begin(), found.end(),
                   [](const ClientPrograms& a, const ClientPrograms& b) { return a.major < b.major; });
  found.erase(
      std::unique(found.begin(), found.end(),
                  [](const ClientPrograms& a, const ClientPrograms& b) { return a.major == b.major; }),
      found.end());
  return found;
}

}  // namespace pgupgrade::migrate
