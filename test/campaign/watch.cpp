#include "campaign/watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/project.hpp"

extern char** environ;

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

// What goes away while it is read is empty.
std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The id of the container that a process is in, by its control groups; empty for the host's own.
std::string container_of(const fs::path& process) {
  const std::string groups = content_of(process / "cgroup");
  std::size_t run = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    run = std::isxdigit(static_cast<unsigned char>(groups[i])) != 0 ? run + 1 : 0;
    if (run == 64) return groups.substr(i - 63, 64);
  }
  return {};
}

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code ignored;
  for (fs::directory_iterator at(directory, ignored), last; !ignored && at != last; at.increment(ignored))
    entries.push_back(at->path());
  return entries;
}

std::vector<fs::path> all_below(const fs::path& directory) {
  std::vector<fs::path> all;
  for (const fs::path& entry : entries_of(directory)) {
    std::error_code ignored;
    all.push_back(entry);
    if (fs::is_directory(fs::symlink_status(entry, ignored))) {
      const auto more = all_below(entry);
      all.insert(all.end(), more.begin(), more.end());
    }
  }
  return all;
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

bool is_regular(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(fs::symlink_status(path, ignored));
}

// Where the engine itself logs to, when that is a file.
std::vector<fs::path> logs_of_the_engine() {
  std::vector<fs::path> logs;
  for (const fs::path& process : entries_of("/proc")) {
    if (!is_number(process.filename()) || trim(content_of(process / "comm")) != "dockerd") continue;
    for (const char* stream : {"fd/1", "fd/2"}) {
      std::error_code problem;
      const fs::path target = fs::read_symlink(process / stream, problem);
      if (!problem && is_regular(target)) logs.push_back(target);
    }
  }
  return logs;
}

// `docker events` into a file, from now on.
pid_t record_events(const fs::path& file) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::array<std::string, 4> words = {"docker", "events", "--format", "{{json .}}"};
  std::array<char*, 5> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv.at(i) = words.at(i).data();
  pid_t process = 0;
  const int problem = ::posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  require(problem == 0, "the engine's events are recorded");
  return process;
}

// Makes an event, and waits until it is recorded: so is all before it, then.
void wait_for_mark(const fs::path& events, const std::string& mark) {
  wait_until("the events of the engine", [&] {
    must_run({"docker", "volume", "create", mark});
    must_run({"docker", "volume", "rm", mark});
    return content_of(events).find(mark) != std::string::npos;
  });
}

}  // namespace

Watch::Watch(std::string project, Canaries canaries, std::vector<fs::path> places,
             std::function<bool(const fs::path&)> may_hold)
    : project_(std::move(project)),
      canaries_(std::move(canaries)),
      places_(std::move(places)),
      may_hold_(std::move(may_hold)),
      engine_root_(trim(must_run({"docker", "info", "--format", "{{.DockerRootDir}}"}))),
      events_file_(fs::temp_directory_path() / (project_ + "-events")) {
  require(::geteuid() == 0, "this part needs root, to see every process and the engine's files");
  events_ = record_events(events_file_);
  wait_for_mark(events_file_, project_ + "-first-mark");
  for (const auto look : {&Watch::look_for_processes, &Watch::look_for_containers, &Watch::look_for_files})
    threads_.emplace_back([this, look] { loop(look); });
}

Watch::~Watch() {
  ended_ = true;
  for (std::thread& thread : threads_) thread.join();
  if (events_ != 0) {
    ::kill(events_, SIGTERM);
    ::waitpid(events_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove(events_file_, ignored);
}

// Others have work to do as well: between two looks it lets them.
void Watch::loop(void (Watch::*look)()) {
  while (!ended_) {
    (this->*look)();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Watch::look_at(const std::string& what, const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [name, canary] : canaries_)
    if (text.find(canary) != std::string::npos) findings_.insert(name + " in " + printable(what, 400));
}

void Watch::learn(const Canaries& more) {
  const std::lock_guard<std::mutex> lock(mutex_);
  canaries_.insert(more.begin(), more.end());
}

void Watch::take_down(const std::string& finding) {
  const std::lock_guard<std::mutex> lock(mutex_);
  findings_.insert(finding);
}

bool Watch::has(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(findings_.begin(), findings_.end(),
                     [&](const std::string& finding) { return finding.find(text) != std::string::npos; });
}

void Watch::look_for_processes() {
  for (const fs::path& process : entries_of("/proc")) {
    const std::string number = process.filename();
    if (!is_number(number)) continue;
    const std::string arguments = content_of(process / "cmdline");
    const std::string shown = number + ": " + arguments;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      processes_.insert(shown);
    }
    look_at("the arguments of process " + shown, arguments);
    const std::string container = container_of(process);
    if (container.empty() || !is_users_container(container, {}))
      look_at("the environment of process " + shown, content_of(process / "environ"));
  }
}

bool Watch::is_users_container(const std::string& id, const std::string& configuration) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (users_containers_.count(id) != 0) return true;
  }
  const std::string text =
      configuration.empty() ? content_of(engine_root_ / "containers" / id / "config.v2.json") : configuration;
  const bool users = text.find("\"com.docker.compose.project\":\"" + project_ + "\"") != std::string::npos &&
                     text.find("\"pgupgrade.run\"") == std::string::npos;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (users) users_containers_.insert(id);
  return users;
}

void Watch::look_at_container(const fs::path& directory, WorkLogs work_logs) {
  const std::string id = directory.filename();
  const std::string configuration = content_of(directory / "config.v2.json");
  if (configuration.empty()) return;  // being made, or removed
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    containers_.insert(id);
  }
  const std::string name = configuration.substr(configuration.find("\"Name\":\""), 100);
  if (!is_users_container(id, configuration)) {
    look_at("the configuration of container " + name, configuration);
    look_at("the configuration of container " + name, content_of(directory / "hostconfig.json"));
  }
  const bool work = configuration.find("\"pgupgrade.run\"") != std::string::npos;
  if (!work || work_logs == WorkLogs::look_at)
    look_at("the log of container " + name, content_of(directory / (id + "-json.log")));
}

void Watch::look_for_containers() {
  for (const fs::path& directory : entries_of(engine_root_ / "containers"))
    look_at_container(directory, WorkLogs::leave_out);
}

void Watch::look_at_leftovers() {
  for (const fs::path& directory : entries_of(engine_root_ / "containers"))
    look_at_container(directory, WorkLogs::look_at);
}

void Watch::look_for_files() {
  for (const fs::path& place : places_)
    for (const fs::path& file : all_below(place)) {
      if (!is_regular(file)) continue;
      const std::string shown = fmt::format("file {} ({:04o})", file.native(), mode_of(file));
      if (!may_hold_(file)) {
        look_at(shown, content_of(file));
      } else if ((mode_of(file) & 077U) != 0) {
        take_down("others may read " + shown);
      }
    }
}

void Watch::require_private(const fs::path& directory) {
  auto all = all_below(directory);
  all.push_back(directory);
  for (const fs::path& path : all)
    if (mode_of(path) != (is_regular(path) ? 0600U : 0700U))
      take_down(fmt::format("{} is {:04o}", path.native(), mode_of(path)));
}

void Watch::look_at_events() {
  for (const std::string& line : split_lines(content_of(events_file_))) look_at("the event " + line, line);
}

Findings Watch::end() {
  wait_for_mark(events_file_, project_ + "-last-mark");
  ended_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  look_at_leftovers();
  look_for_files();
  look_at_events();
  for (const std::string& process : std::set<std::string>(processes_))
    look_at("the arguments of process " + process, process);
  for (const fs::path& log : logs_of_the_engine()) look_at("the engine's log", content_of(log));
  return findings_;
}

}  // namespace pgupgrade::test::campaign
