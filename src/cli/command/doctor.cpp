#include "pgupgrade/cli/command/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::uint64_t kLeastFree = 1ULL << 30U;  // less cannot hold the backup of any real cluster
constexpr const char* kEngine = "engine";

// What a check finds, or the error that it meets.
template <typename Look>
Check check(const std::string& what, const Look& look) {
  try {
    return {.what = what, .good = true, .found = look(), .hint = {}};
  } catch (const Error& error) {
    return {.what = what, .good = false, .found = error.what(), .hint = error.hint()};
  }
}

std::string describe_engine(Connection& connection) {
  const docker::EngineInfo info = connection.world().engine.info();
  return fmt::format("{} (API {}) at {}, {}, {} of memory", info.version, info.api_version,
                     connection.endpoint(),
                     plural(static_cast<std::uint64_t>(std::max(info.processors, 0)), "processor"),
                     human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(info.memory_bytes, 0))));
}

std::string compose_version(Connection* connection, const Examination& examination) {
  if (connection != nullptr) return connection->world().compose.version();
  // The version needs no engine, so that one thing missing does not hide another.
  return compose::make_cli("unix:///var/run/docker.sock", examination.environment, examination.cancellation)
      ->version();
}

std::string describe_project(Connection& connection, const ProjectLocation& location) {
  const compose::Project project = connection.world().compose.load(location);
  std::vector<std::string> found;
  for (const auto& [name, service] : project.services)
    if (compose::looks_like_postgres(service)) found.push_back(fmt::format("{} ({})", name, service.image));
  if (found.empty())
    throw Error(ErrorKind::usage, "E-NO-POSTGRES-SERVICE",
                fmt::format("project {} has no service that looks like PostgreSQL", project.name),
                "specify it with --service when you upgrade");
  return fmt::format("{} with {}", project.name, join(found, ", "));
}

// Where the data of the project's servers is, and whether image and mounts fit it.
std::vector<Check> examine_data(Connection& connection, const ProjectLocation& location) {
  std::vector<ServiceFacts> states;
  Check looked = check("data", [&] {
    upgrade::remove_dead_observations(connection.world());
    states = upgrade::observe_states(location, connection.world());
    std::vector<std::string> lines;
    for (const ServiceFacts& service : states)
      lines.push_back(service.pg_version_file == 0
                          ? fmt::format("{}: no cluster where it looks for one", service.service)
                          : fmt::format("{}: PostgreSQL {} at {}", service.service, service.pg_version_file,
                                        service.pgdata));
    return lines.empty() ? "no service to look at" : join(lines, "\n");
  });
  std::vector<Check> checks;
  for (const ServiceFacts& service : states)
    for (const Diagnostic& found : planning::check_state(service))
      checks.push_back({.what = "data", .good = false, .found = found.message, .hint = found.hint});
  if (checks.empty()) checks.push_back(looked);
  return checks;
}

std::string describe_space(const std::filesystem::path& root) {
  const std::uint64_t free = free_bytes(root);
  if (free < kLeastFree)
    throw Error(ErrorKind::refused, "E-DISK", fmt::format("{} has {} free", root.native(), human_bytes(free)),
                "make room, or choose another place with --state-dir");
  return fmt::format("{} free for {}", human_bytes(free), root.native());
}

std::string describe_runs(const std::filesystem::path& root) {
  const auto runs = upgrade::find_runs(root);
  const auto open = std::find_if(runs.begin(), runs.end(), [](const upgrade::FoundRun& run) {
    return !run.state || run.state->outcome == RunOutcome::unfinished;
  });
  if (open != runs.end())
    throw Error(ErrorKind::locked, "E-UNFINISHED", fmt::format("{} is unfinished", open->state_file.native()),
                fmt::format("pgupgrade status --state {}", shell_word(open->state_file.native())));
  return runs.empty() ? "none yet" : plural(runs.size(), "run") + ", none unfinished";
}

}  // namespace

std::string render_checks(const std::vector<Check>& checks, const Style& style) {
  std::size_t width = 0;
  for (const Check& entry : checks) width = std::max(width, display_width(entry.what));
  std::string text;
  for (const Check& entry : checks) {
    const std::string mark = entry.good ? paint(style, Color::green, "✔") : paint(style, Color::red, "✘");
    bool first = true;
    for (const std::string& line : split_lines(entry.found)) {
      text += fmt::format("{} {}  {}\n", first ? mark : " ", pad_right(first ? entry.what : "", width),
                          printable(line, 1000));
      first = false;
    }
    if (!entry.hint.empty())
      text += fmt::format("  {}  → {}\n", std::string(width, ' '), printable(entry.hint, 1000));
  }
  return text;
}

int exit_code_of(const std::vector<Check>& checks) {
  int code = 0;
  for (const Check& entry : checks) {
    if (entry.good) continue;
    if (entry.what == kEngine) return 8;
    code = 3;
  }
  return code;
}

std::vector<Check> examine(const Examination& examination) {
  std::vector<Check> checks;
  checks.push_back({.what = "pgupgrade", .good = true, .found = PGUPGRADE_VERSION, .hint = {}});
  std::unique_ptr<Connection> connection;
  checks.push_back(check(kEngine, [&] {
    connection = examination.connect();
    return describe_engine(*connection);
  }));
  checks.push_back(check("compose", [&] { return compose_version(connection.get(), examination); }));
  ProjectLocation location;
  checks.push_back(check("files", [&] {
    location = find_project(examination.arguments, examination.environment, examination.directory);
    std::vector<std::string> names;
    for (const auto& file : location.files) names.push_back(file.native());
    return join(names, ", ");
  }));
  if (!checks.back().good) return checks;
  const std::filesystem::path root =
      make_request(examination.arguments, examination.environment, examination.directory).state_root;
  if (connection != nullptr) {
    checks.push_back(check("project", [&] { return describe_project(*connection, location); }));
    if (checks.back().good)
      for (Check& found : examine_data(*connection, location)) checks.push_back(std::move(found));
  }
  checks.push_back(check("space", [&] { return describe_space(root); }));
  checks.push_back(check("runs", [&] { return describe_runs(root); }));
  return checks;
}

}  // namespace pgupgrade::cli
