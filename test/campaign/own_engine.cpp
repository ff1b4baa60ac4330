#include "campaign/own_engine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

// /run is the engine's own, and empty: there it keeps what must not outlive a boot.
constexpr const char* kFirstProcess = "mount -t tmpfs tmpfs /run && : >\"$0\" && { sleep infinity & wait; }";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

UniqueFd open_file(const fs::path& file, int flags) {
  UniqueFd result(::open(file.c_str(), flags | O_CLOEXEC, 0600));
  if (!result) fail("could not open " + file.native());
  return result;
}

// It ends when we do, however that is.
pid_t spawn(const Words& argv, const fs::path& log) {
  const UniqueFd nothing = open_file("/dev/null", O_RDONLY);
  const UniqueFd output = open_file(log, O_WRONLY | O_CREAT | O_APPEND);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) fail("cannot fork");
  if (child > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  ::dup2(nothing.get(), STDIN_FILENO);
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

// 0 when there is none (yet).
pid_t only_child(pid_t parent) {
  pid_t child = 0;
  std::ifstream(fmt::format("/proc/{0}/task/{0}/children", parent)) >> child;
  return child;
}

bool is_over(pid_t& child) {
  if (child != 0 && ::waitpid(child, nullptr, WNOHANG) != child) return false;
  child = 0;
  return true;
}

// SIGKILL for the child's child; both have ended when this returns.
void kill_below(pid_t& parent) {
  if (parent == 0) return;
  const pid_t child = only_child(parent);
  ::kill(child != 0 ? child : parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  parent = 0;
}

void bring_loopback_up() {
  const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (!any || ::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) fail("cannot use a network namespace");
}

std::optional<std::string> set_variable(const char* name, const std::optional<std::string>& value) {
  const char* before = ::getenv(name);
  std::optional<std::string> result;
  if (before != nullptr) result = before;
  if (value)
    ::setenv(name, value->c_str(), 1);
  else
    ::unsetenv(name);
  return result;
}

// Of the engine in `directory`, for its containers.
std::string control_group(const fs::path& directory) {
  return "pgupgrade-" + directory.filename().native();
}

// The kernel's directories hold nothing that could be removed but directories.
void remove_directories(const fs::path& top) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(top, ignored))
    if (entry.is_directory(ignored)) remove_directories(entry.path());
  ::rmdir(top.c_str());
}

// One hierarchy of version 2, or one for each controller.
void remove_control_groups(const std::string& name) {
  remove_directories(fs::path("/sys/fs/cgroup") / name);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup", ignored))
    remove_directories(entry.path() / name);
}

}  // namespace

OwnEngine::OwnEngine(const Words& images) {
  require(::geteuid() == 0, "root runs this part: it starts an engine of its own");
  directory_ = new_directory("engine");
  network_before_ = open_file("/proc/thread-self/ns/net", O_RDONLY);
  write_file_durably(directory_ / "daemon.json", fmt::format(R"({{
  "data-root": "{0}/data",
  "exec-root": "/run/engine",
  "pidfile": "/run/engine.pid",
  "hosts": ["unix://{0}/socket"],
  "exec-opts": ["native.cgroupdriver=cgroupfs"],
  "cgroup-parent": "/{1}"
}}
)",
                                                             directory_.native(), control_group(directory_)));
  try {
    Words save = {"docker", "save", "--output", directory_ / "images.tar"};
    save.insert(save.end(), images.begin(), images.end());
    must_run(save);
    // A context would outrank the host; and the engine does not see what others keep in /run.
    for (const char* name : {"DOCKER_CONTEXT", "XDG_RUNTIME_DIR"})
      variables_before_[name] = set_variable(name, std::nullopt);
    variables_before_["DOCKER_HOST"] =
        set_variable("DOCKER_HOST", "unix://" + (directory_ / "socket").native());
    boot();
    start();
    must_run({"docker", "load", "--quiet", "--input", directory_ / "images.tar"});
    fs::remove(directory_ / "images.tar");
  } catch (const std::exception&) {
    end();
    throw;
  }
}

OwnEngine::~OwnEngine() {
  end();
}

void OwnEngine::kill() {
  kill_below(dockerd_);
}

void OwnEngine::kill_everything() {
  // The kernel ends all processes of the namespace before its first one is gone.
  kill_below(machine_);
  if (dockerd_ != 0) ::waitpid(dockerd_, nullptr, 0);
  dockerd_ = 0;
  fs::remove(directory_ / "socket");
}

void OwnEngine::start() {
  if (machine_ == 0) boot();
  const fs::path log = directory_ / "log";
  const std::string namespaces = fmt::format("/proc/{}/ns/", machine_);
  dockerd_ = spawn({"nsenter", "--mount=" + namespaces + "mnt", "--pid=" + namespaces + "pid_for_children",
                    "dockerd", "--config-file", directory_ / "daemon.json"},
                   log);
  wait_until("an engine of our own", [&] {
    if (is_over(dockerd_)) throw std::runtime_error("the engine ended: " + read_file(log));
    return run_process({"docker", "version"}).succeeded();
  });
}

void OwnEngine::boot() {
  enter_new_network();
  const fs::path booted = directory_ / "booted";
  const fs::path log = directory_ / "log";
  fs::remove(booted);
  machine_ = spawn({"unshare", "--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child",
                    "--mount-proc", "sh", "-c", kFirstProcess, booted},
                   log);
  wait_until("namespaces", [&] {
    if (is_over(machine_)) throw std::runtime_error("cannot make namespaces: " + read_file(log));
    return fs::exists(booted);
  });
}

void OwnEngine::enter_new_network() {
  if (::unshare(CLONE_NEWNET) != 0) fail("cannot make a network namespace");
  bring_loopback_up();
}

void OwnEngine::end() noexcept {
  kill_below(machine_);
  if (dockerd_ != 0) ::waitpid(dockerd_, nullptr, 0);
  ::setns(network_before_.get(), CLONE_NEWNET);
  for (const auto& [name, value] : variables_before_) set_variable(name.c_str(), value);
  std::error_code ignored;
  remove_control_groups(control_group(directory_));
  if (std::uncaught_exceptions() > 0)
    fmt::print(stderr, "kept: the engine's log and data in {}\n", directory_.native());
  else
    fs::remove_all(directory_, ignored);
}

}  // namespace pgupgrade::test::campaign
