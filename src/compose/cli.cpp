#include "pgupgrade/compose/cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "compose/config_json.hpp"
#include "compose/dotenv.hpp"
#include "compose/excerpt.hpp"
#include "compose/mirror.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInstall = "install Docker Compose 2, so that `docker compose version` answers";
constexpr std::size_t kLongestMessage = 2000;

std::string version_of(const std::string& output) {
  std::string_view text = trim(output);
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  const bool is_version = !text.empty() && text.front() >= '0' && text.front() <= '9';
  return is_version ? std::string(text) : std::string();
}

Error version_one(const std::string& version) {
  return Error(ErrorKind::usage, "E-COMPOSE-V1",
               fmt::format("cannot use Docker Compose {}: version 2 is needed", printable(version, 40)),
               std::string(kInstall));
}

// Compose's own words, without the warnings that it logs before them.
std::string message_of(const ProcessResult& result) {
  std::vector<std::string> lines;
  for (const std::string& line : split_lines(result.standard_error)) {
    const bool log = line.compare(0, 6, "time=\"") == 0 && line.find("level=warning") != std::string::npos;
    if (!log && !trim(line).empty()) lines.push_back(std::string(trim(line)));
  }
  if (!lines.empty()) return printable(join(lines, "; "), kLongestMessage);
  if (result.signal_number != 0)
    return fmt::format("docker compose was ended by signal {}", result.signal_number);
  return fmt::format("docker compose exited with {}", result.exit_code);
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// The env files that Compose reads for a location when nobody names one.
std::vector<fs::path> default_env_files(const ProjectLocation& location, const std::string& named) {
  std::vector<fs::path> result;
  if (!named.empty()) {
    std::string_view rest = named;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (comma > 0) result.push_back(fs::absolute(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return result;
  }
  if (!location.files.empty()) result.push_back(location.files.front().parent_path() / ".env");
  return result;
}

class ComposeCommand final : public Cli {
 public:
  ComposeCommand(std::string endpoint, const Environment& environment, const Cancellation& cancellation)
      : endpoint_(std::move(endpoint)),
        env_files_(variable(environment, "COMPOSE_ENV_FILES")),
        cancellation_(cancellation) {}

  std::string version() override {
    require_docker();
    const ProcessResult answer = run({"docker", "compose", "version", "--short"}, kShort);
    std::string found = answer.succeeded() ? version_of(answer.standard_output) : std::string();
    if (found.empty()) throw_missing(answer);
    if (found.compare(0, 2, "1.") == 0) throw version_one(found);
    return found;
  }

  Project load(const ProjectLocation& location) override { return load(location, {}); }

  Project load_with(const ProjectLocation& location,
                    const std::map<std::string, std::string>& contents) override {
    if (contents.empty()) return load(location);
    const Mirror mirror(contents);
    ProjectLocation mirrored = location;
    for (fs::path& file : mirrored.files) file = mirror.at(file);
    // A changed default .env is found in the mirrored project directory; only files that are named somewhere
    // must be named anew.
    if (mirrored.env_files.empty() && !env_files_.empty())
      mirrored.env_files = default_env_files(location, env_files_);
    for (fs::path& file : mirrored.env_files) file = mirror.at(file);
    return load(mirrored, mirror.root());
  }

  void up(const ProjectLocation& location, const std::vector<std::string>& services,
          std::chrono::milliseconds timeout) override {
    up(location, "-d", services, timeout);
  }

  void create(const ProjectLocation& location, const std::vector<std::string>& services,
              std::chrono::milliseconds timeout) override {
    up(location, "--no-start", services, timeout);
  }

 private:
  static constexpr std::chrono::milliseconds kShort{30'000};
  static constexpr std::chrono::milliseconds kLoad{120'000};

  void up(const ProjectLocation& location, const char* mode, const std::vector<std::string>& services,
          std::chrono::milliseconds timeout) const {
    require_docker();
    std::vector<std::string> argv = arguments(location);
    argv.insert(argv.end(), {"up", mode, "--no-deps", "--no-build", "--"});
    argv.insert(argv.end(), services.begin(), services.end());
    const ProcessResult result = run(argv, timeout);
    if (result.succeeded()) return;
    throw Error(
        ErrorKind::failed, "E-COMPOSE-UP",
        fmt::format("could not start {} through Compose: {}", join(services, ", "), message_of(result)),
        "fix what Compose reports, then run `pgupgrade resume`");
  }

  static std::vector<std::string> arguments(const ProjectLocation& location) {
    std::vector<std::string> argv = {"docker", "compose"};
    const auto add = [&](const char* option, std::string value) {
      argv.emplace_back(option);
      argv.push_back(std::move(value));
    };
    for (const fs::path& file : location.files) add("-f", file.string());
    if (!location.project_name.empty()) add("-p", location.project_name);
    for (const std::string& profile : location.profiles) add("--profile", profile);
    for (const fs::path& file : location.env_files) add("--env-file", file.string());
    return argv;
  }

  ProcessResult run(const std::vector<std::string>& argv, std::chrono::milliseconds timeout) const {
    ProcessOptions options;
    options.extra_environment = {{"DOCKER_HOST", endpoint_}};
    options.timeout = timeout;
    options.cancellation = &cancellation_;
    return run_process(argv, options);
  }

  static void require_docker() {
    if (find_executable("docker")) return;
    throw Error(ErrorKind::usage, "E-COMPOSE-MISSING", "could not find the docker command on PATH",
                "install the Docker command line with Compose 2");
  }

  [[noreturn]] void throw_missing(const ProcessResult& answer) const {
    if (find_executable("docker-compose")) {
      const ProcessResult old = run({"docker-compose", "version", "--short"}, kShort);
      const std::string found = version_of(old.standard_output);
      if (found.compare(0, 2, "1.") == 0) throw version_one(found);
    }
    throw Error(ErrorKind::usage, "E-COMPOSE-MISSING",
                fmt::format("could not run docker compose: {}", message_of(answer)), std::string(kInstall));
  }

  // `root` is what precedes every path of a mirrored project.
  Project load(const ProjectLocation& location, const std::string& root) const {
    require_docker();
    std::vector<std::string> argv = arguments(location);
    argv.insert(argv.end(), {"config", "--format", "json"});
    const ProcessResult result = run(argv, kLoad);
    if (result.succeeded()) return project_from_config(result.standard_output, root);
    std::string message = message_of(result);
    if (!root.empty()) message = replace_all(std::move(message), root, "");
    std::vector<std::string> files;
    std::vector<ReadFile> texts;
    for (const fs::path& file : location.files) {
      files.push_back(root.empty() ? file.string() : replace_all(file.string(), root, ""));
      if (auto text = read_file_if_present(file)) texts.push_back({files.back(), std::move(*text)});
    }
    const auto place = place_of_complaint(texts, message);
    throw Error(ErrorKind::usage, "E-COMPOSE-CONFIG",
                fmt::format("could not read the Compose project of {}: {}{}", join(files, ", "), message,
                            place ? "\n" + *place : ""),
                "fix the project so that `docker compose config` accepts it");
  }

  std::string endpoint_;
  std::string env_files_;  // COMPOSE_ENV_FILES
  const Cancellation& cancellation_;
};

// The first of the names that exists.
std::optional<fs::path> first_of(const fs::path& directory, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::error_code ignored;
    if (fs::is_regular_file(directory / name, ignored)) return directory / name;
  }
  return std::nullopt;
}

// Of the .env file in `directory`; its last assignment counts.
std::vector<fs::path> files_of_dotenv(const fs::path& directory) {
  std::string files;
  std::string separator = ":";
  const fs::path dotenv = directory / ".env";
  for (const Assignment& assignment : parse_dotenv(dotenv, read_file_if_present(dotenv).value_or(""))) {
    if (assignment.name == "COMPOSE_FILE") files = assignment.value;
    if (assignment.name == "COMPOSE_PATH_SEPARATOR") separator = assignment.value;
  }
  std::vector<fs::path> result;
  for (const std::string& name : split_list(files, separator))
    result.push_back((directory / name).lexically_normal());
  return result;
}

}  // namespace

std::unique_ptr<Cli> make_cli(std::string endpoint, const Environment& environment,
                              const Cancellation& cancellation) {
  return std::make_unique<ComposeCommand>(std::move(endpoint), environment, cancellation);
}

std::vector<fs::path> default_files(const fs::path& directory) {
  std::vector<fs::path> result = files_of_dotenv(directory);
  if (!result.empty()) return result;
  const auto file =
      first_of(directory, {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"});
  if (!file) return result;
  result.push_back(*file);
  if (const auto over =
          first_of(directory, {"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
                               "docker-compose.override.yaml"})) {
    result.push_back(*over);
  }
  return result;
}

}  // namespace pgupgrade::compose
