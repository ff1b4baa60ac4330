#include "pgupgrade/cli/arguments/locate.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "cli/arguments/options.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/compose/cli.hpp"
#include "pgupgrade/migrate/alternate.hpp"
#include "pgupgrade/migrate/state.hpp"

namespace pgupgrade::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStateDirectory = ".pgupgrade";

fs::path absolute_from(const fs::path& directory, const std::string& name) {
  return (directory / name).lexically_normal();
}

Error no_file(const std::string& what, const fs::path& path, const std::string& hint) {
  return Error(
      ErrorKind::usage, "E-NO-FILE",
      fmt::format("could not read {} {}: there is no such file", what, printable(path.native(), 500)), hint);
}

// A name that is a command's, too, most likely was meant as one.
std::string hint_for_missing(const std::string& name) {
  const auto commands = describe_commands();
  const bool command =
      std::any_of(commands.begin(), commands.end(), [&](const auto& entry) { return entry.name == name; });
  return command ? fmt::format("the command comes first: pgupgrade {} …", name)
                 : "check --compose and the directory";
}

std::vector<std::string> named_files(const Arguments& arguments, const Environment& environment) {
  if (!arguments.compose.empty()) return arguments.compose;
  return split_list(variable(environment, "COMPOSE_FILE"), path_separator(environment));
}

std::vector<fs::path> compose_files(const Arguments& arguments, const Environment& environment,
                                    const fs::path& directory) {
  const auto named = named_files(arguments, environment);
  std::vector<fs::path> files;
  for (const std::string& name : named) files.push_back(absolute_from(directory, name));
  if (named.empty()) files = compose::default_files(directory);
  if (files.empty())
    throw Error(ErrorKind::usage, "E-NO-FILE",
                fmt::format("could not find a Compose file in {}", printable(directory.native(), 500)),
                "specify it with --compose, or change to the project's directory");
  for (std::size_t index = 0; index < files.size(); ++index) {
    std::error_code ignored;
    if (!fs::exists(files[index], ignored))
      throw no_file("the Compose file", files[index],
                    named.empty() ? "check COMPOSE_FILE in .env" : hint_for_missing(named[index]));
  }
  return files;
}

std::vector<std::string> first_not_empty(const std::vector<std::string>& flags, const std::string& fallback) {
  return flags.empty() ? split_list(fallback, ",") : flags;
}

// Whoever reads it knows the passwords: nobody else may.
fs::path checked_password_file(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) throw no_file("the password file", path, "check --password-file");
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::usage, "E-PASSWORD-FILE",
                fmt::format("cannot use the password file {}: it is not a regular file",
                            printable(path.native(), 500)));
  if ((status.st_mode & 077U) != 0)
    throw Error(ErrorKind::usage, "E-PASSWORD-FILE",
                fmt::format("cannot use the password file {}: others may read or write it (mode {:04o})",
                            printable(path.native(), 500), status.st_mode & 07777U),
                fmt::format("chmod 600 {}", printable(path.native(), 500)));
  return path;
}

// Written to when the applications are stopped already, so what stands against it is said before.
fs::path checked_dump_directory(const fs::path& path) {
  std::error_code problem;
  fs::path existing = fs::weakly_canonical(path, problem);
  const fs::path whole = problem ? path : existing;
  while (!fs::exists(existing, problem) && existing.has_relative_path()) existing = existing.parent_path();
  const bool directory = fs::is_directory(existing, problem);
  if (directory && access(existing.c_str(), W_OK | X_OK) == 0) return whole;
  throw Error(ErrorKind::usage, "E-USAGE",
              fmt::format("could not keep dumps in {}: {} is not {}", printable(path.native(), 500),
                          printable(existing.native(), 500), directory ? "writable" : "a directory"),
              "choose another directory with --keep-dumps");
}

std::string describe(const upgrade::FoundRun& run) {
  if (!run.state) return fmt::format("{}: {}", run.state_file.native(), printable(run.problem, 500));
  return fmt::format("{}: {}, started {}", run.state_file.native(), outcome_text(*run.state),
                     utc_time(run.state->created_ms));
}

bool ended(const upgrade::FoundRun& run) {
  return run.state && run.state->outcome != RunOutcome::unfinished;
}

}  // namespace

std::vector<std::string> checked_scripts(const std::vector<std::string>& names, const fs::path& directory) {
  std::vector<std::string> scripts;
  for (const std::string& name : names) {
    const fs::path path = absolute_from(directory, name).lexically_normal();
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) throw no_file("the script", path, "check --run");
    if (access(path.c_str(), R_OK) != 0)
      throw Error(ErrorKind::usage, "E-USAGE",
                  fmt::format("could not read the script {}", printable(path.native(), 500)), "check --run");
    scripts.push_back(path.native());
  }
  return scripts;
}

ProjectLocation find_project(const Arguments& arguments, const Environment& environment,
                             const fs::path& directory) {
  ProjectLocation project;
  project.files = compose_files(arguments, environment, directory);
  project.project_name =
      arguments.project_name.empty() ? variable(environment, "COMPOSE_PROJECT_NAME") : arguments.project_name;
  project.profiles = first_not_empty(arguments.profiles, variable(environment, "COMPOSE_PROFILES"));
  for (const auto& name : first_not_empty(arguments.env_files, variable(environment, "COMPOSE_ENV_FILES"))) {
    const fs::path path = absolute_from(directory, name);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) throw no_file("the environment file", path, "check --env-file");
    project.env_files.push_back(path);
  }
  return project;
}

std::optional<Verify> asked_verify(const Arguments& arguments) {
  if (arguments.verify.empty()) return std::nullopt;
  if (arguments.verify == "deferred") return Verify::deferred;
  return arguments.verify == "catalog" ? Verify::catalog : Verify::full;
}

Request make_request(const Arguments& arguments, const Environment& environment, const fs::path& directory) {
  Request request;
  request.container = arguments.container;
  if (request.container.empty()) request.project = find_project(arguments, environment, directory);
  request.target_major = arguments.to;
  request.services = arguments.services;
  request.all_services = arguments.all;
  const bool rehearses = arguments.command == Command::rehearse;
  request.strategy = rehearses ? kRehearsal : arguments.strategy;
  if (arguments.command == Command::dump && request.strategy == kAuto) request.strategy = kDump;
  if (rehearses)
    request.rehearsal = {.scripts = checked_scripts(arguments.scripts, directory),
                         .database = arguments.database,
                         .keep = arguments.keep};
  request.verify = asked_verify(arguments);
  if (!arguments.backup.empty()) request.backup = arguments.backup == "aside" ? Backup::aside : Backup::tar;
  request.image = arguments.image;
  request.old_image = arguments.old_image;
  if (!arguments.password_file.empty())
    request.password_file = checked_password_file(absolute_from(directory, arguments.password_file));
  request.md5_policy = arguments.keep_md5 ? Md5Policy::keep : Md5Policy::convert;
  request.acknowledged = arguments.accept;
  request.jobs = arguments.jobs;
  if (!arguments.backup_dir.empty())
    request.backup_directory = absolute_from(directory, arguments.backup_dir).lexically_normal();
  if (!arguments.keep_dumps.empty())
    request.dump_directory = checked_dump_directory(absolute_from(directory, arguments.keep_dumps));
  request.edit_files = !arguments.no_edit;
  request.keep_going = arguments.keep_going;
  request.deep = arguments.deep;
  request.hooks = {.before_freeze = arguments.before_freeze,
                   .after_verify = arguments.after_verify,
                   .after_thaw = arguments.after_thaw};
  const fs::path beside = request.container.empty() ? request.project.files.front().parent_path() : directory;
  request.state_root =
      arguments.state_dir.empty() ? beside / kStateDirectory : absolute_from(directory, arguments.state_dir);
  return request;
}

void check_files_of(const Request& request) {
  for (const fs::path& file : request.project.files) {
    std::error_code ignored;
    if (!fs::exists(file, ignored))
      throw no_file("the Compose file", file, "put it back, or make a new plan: pgupgrade plan --out FILE");
  }
  if (request.password_file) checked_password_file(*request.password_file);
  if (request.dump_directory) checked_dump_directory(*request.dump_directory);
}

std::vector<fs::path> state_roots(const Arguments& arguments, const Environment& environment,
                                  const fs::path& directory) {
  if (!arguments.state_dir.empty()) return {absolute_from(directory, arguments.state_dir)};
  std::vector<fs::path> roots;
  const auto named = named_files(arguments, environment);
  const auto files = named.empty() ? compose::default_files(directory)
                                   : std::vector<fs::path>{absolute_from(directory, named.front())};
  if (!files.empty()) roots.push_back(files.front().parent_path() / kStateDirectory);
  const fs::path here = directory / kStateDirectory;
  if (std::find(roots.begin(), roots.end(), here) == roots.end()) roots.push_back(here);
  return roots;
}

std::optional<upgrade::FoundRun> choose_run(const std::vector<upgrade::FoundRun>& runs) {
  std::vector<upgrade::FoundRun> unfinished;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(unfinished),
               [](const auto& run) { return !ended(run); });
  if (unfinished.size() == 1) return unfinished.front();
  if (unfinished.empty()) return runs.empty() ? std::nullopt : std::optional(runs.front());
  std::string message = "could not choose a run: several have not finished";
  for (const auto& run : unfinished) message += "\n" + describe(run);
  throw Error(ErrorKind::usage, "E-SEVERAL-RUNS", message, "name one with --state FILE");
}

bool is_migration(const fs::path& state_file) {
  return state_file.filename() == migrate::kStateFile;
}

bool is_alternate(const fs::path& state_file) {
  return state_file.filename() == migrate::kAlternateFile;
}

namespace {

// Upgrades and migrations under a state root; of the latter the outcome and the beginning.
std::vector<upgrade::FoundRun> all_runs(const fs::path& root) {
  std::vector<upgrade::FoundRun> runs = upgrade::find_runs(root);
  for (const migrate::FoundRun& found : migrate::find_runs(root)) {
    upgrade::FoundRun run{.state_file = found.state_file, .state = {}, .problem = found.problem};
    if (found.state) {
      run.state.emplace();
      run.state->outcome = found.state->outcome;
      run.state->created_ms = found.state->created_ms;
    }
    runs.push_back(std::move(run));
  }
  const auto age = [](const upgrade::FoundRun& run) { return run.state ? run.state->created_ms : 0; };
  std::stable_sort(runs.begin(), runs.end(),
                   [&](const auto& left, const auto& right) { return age(left) > age(right); });
  return runs;
}

}  // namespace

namespace {

// A run is known by its id, too.
fs::path named_run(const Arguments& arguments, const Environment& environment, const fs::path& directory) {
  std::error_code ignored;
  const fs::path path = absolute_from(directory, arguments.state);
  if (fs::exists(path, ignored) || arguments.state.find('/') != std::string::npos) return path;
  for (const fs::path& root : state_roots(arguments, environment, directory))
    if (fs::exists(root / arguments.state, ignored)) return root / arguments.state;
  return path;
}

const char* name_of_state(const fs::path& directory) {
  std::error_code ignored;
  for (const char* name : {migrate::kStateFile, migrate::kAlternateFile})
    if (fs::exists(directory / name, ignored)) return name;
  return "state.json";
}

std::optional<fs::path> only_alternate(const fs::path& root) {
  const auto found = migrate::find_alternates(root);
  if (found.size() < 2) return found.empty() ? std::nullopt : std::optional(found.front());
  std::string message = "could not choose between rehearsals within a server";
  for (const fs::path& file : found) message += "\n" + printable(file.native(), 500);
  throw Error(ErrorKind::usage, "E-SEVERAL-RUNS", message, "name one with --state FILE");
}

}  // namespace

fs::path find_state_file(const Arguments& arguments, const Environment& environment,
                         const fs::path& directory) {
  std::error_code ignored;
  if (!arguments.state.empty()) {
    fs::path path = named_run(arguments, environment, directory);
    if (fs::is_directory(path, ignored)) path /= name_of_state(path);
    if (!fs::exists(path, ignored)) throw no_file("the state file", path, "check --state");
    return path.lexically_normal();
  }
  std::vector<std::string> looked;
  for (const fs::path& root : state_roots(arguments, environment, directory)) {
    if (const auto run = choose_run(all_runs(root))) return run->state_file;
    if (const auto alternate = only_alternate(root)) return *alternate;
    looked.push_back(printable(root.native(), 500));
  }
  throw Error(ErrorKind::usage, "E-NO-RUN",
              fmt::format("could not find a run under {}", join(looked, " or ")),
              "specify its state file with --state, or its Compose file with --compose");
}

std::vector<fs::path> find_ended_runs(const Arguments& arguments, const Environment& environment,
                                      const fs::path& directory, std::int64_t before_ms) {
  std::vector<std::pair<std::int64_t, fs::path>> found;
  for (const fs::path& root : state_roots(arguments, environment, directory)) {
    for (const upgrade::FoundRun& run : upgrade::find_runs(root)) {
      if (!ended(run)) continue;
      std::int64_t end = run.state->created_ms;
      for (const StepRecord& step : run.state->steps) end = std::max(end, step.ended_ms);
      if (end < before_ms) found.emplace_back(end, run.state_file);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> files;
  for (const auto& [end, file] : found) files.push_back(file);
  return files;
}

}  // namespace pgupgrade::cli
