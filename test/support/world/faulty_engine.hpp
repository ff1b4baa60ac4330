#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/docker/engine.hpp"
#include "support/world/probe.hpp"

namespace pgupgrade::test {

// What goes wrong at one call to the engine: it is refused, its reply is lost although it was carried out, or
// this process dies before or after it.
enum class Fault { refused, reply_lost, crash_before, crash_after };

// Counts the calls to another engine, and lets the n-th of them (from 0) go wrong.
class FaultyEngine final : public docker::Engine {
 public:
  explicit FaultyEngine(docker::Engine& engine) : engine_(engine) {}
  void arm(std::optional<std::size_t> at, Fault fault) {
    calls.clear();
    at_ = at;
    fault_ = fault;
  }
  std::vector<std::string> calls;
  std::function<void(const std::string& call)> on_call;  // before each
  // Before each that changes something, with what it is about: "stop container 01ab…".
  std::function<void(const std::string& change)> on_change;

  docker::EngineInfo info() override {
    return call("info", [&] { return engine_.info(); });
  }
  std::optional<docker::ContainerInfo> inspect_container(const std::string& name) override {
    return call("inspect_container", [&] { return engine_.inspect_container(name); });
  }
  std::vector<docker::ContainerSummary> list_containers(const docker::ContainerFilter& filter) override {
    return call("list_containers", [&] { return engine_.list_containers(filter); });
  }
  std::string create_container(const docker::ContainerSpec& spec) override {
    tell([&] { return "create container " + describe(spec); });
    return call("create_container", [&] { return engine_.create_container(spec); });
  }
  std::string run_line(const std::string& other, const std::string& name,
                       const docker::ContainerChanges& changes) override {
    return call("run_line", [&] { return engine_.run_line(other, name, changes); });
  }
  std::string create_like(const std::string& other, const std::string& name,
                          const docker::ContainerChanges& changes) override {
    tell([&] { return "create container " + name + " like " + other + " of " + changes.image; });
    return call("create_like", [&] { return engine_.create_like(other, name, changes); });
  }
  void rename_container(const std::string& container, const std::string& name) override {
    tell([&] { return "rename container " + container + " to " + name; });
    call("rename_container", [&] { engine_.rename_container(container, name); });
  }
  void start_container(const std::string& name) override {
    tell([&] { return "start container " + name; });
    call("start_container", [&] { engine_.start_container(name); });
  }
  void signal_container(const std::string& name, const std::string& signal) override {
    tell([&] { return "signal container " + name + ": " + signal; });
    call("signal_container", [&] { engine_.signal_container(name, signal); });
  }
  void stop_container(const std::string& name, std::chrono::seconds grace) override {
    tell([&] { return "stop container " + name + " within " + std::to_string(grace.count()) + " s"; });
    call("stop_container", [&] { engine_.stop_container(name, grace); });
  }
  std::optional<int> wait_container(const std::string& name, std::chrono::milliseconds patience) override {
    return call("wait_container", [&] { return engine_.wait_container(name, patience); });
  }
  void set_restart_policy(const std::string& name, const RestartPolicy& policy) override {
    tell([&] { return "set the restart policy of " + name + ": " + policy.name; });
    call("set_restart_policy", [&] { engine_.set_restart_policy(name, policy); });
  }
  void remove_container(const std::string& name) override {
    tell([&] { return "remove container " + name; });
    call("remove_container", [&] { engine_.remove_container(name); });
  }
  void container_logs(const std::string& name, const Sink& out, const Sink& err) override {
    call("container_logs", [&] { engine_.container_logs(name, out, err); });
  }
  void get_archive(const std::string& name, const std::string& path, const Sink& sink) override {
    tell([&] { return "read " + path + " of " + name; });
    call("get_archive", [&] { engine_.get_archive(name, path, sink); });
  }
  void put_archive(const std::string& name, const std::string& path, const Source& source) override {
    tell([&] { return "write to " + path + " of " + name; });
    call("put_archive", [&] { engine_.put_archive(name, path, source); });
  }
  docker::ExecResult exec(const std::string& name, const std::vector<std::string>& argv,
                          const std::string& user) override {
    tell([&] { return "run in " + name + ": " + join_words(argv); });
    return call("exec", [&] { return engine_.exec(name, argv, user); });
  }
  std::optional<docker::VolumeInfo> inspect_volume(const std::string& name) override {
    return call("inspect_volume", [&] { return engine_.inspect_volume(name); });
  }
  void create_volume(const docker::VolumeSpec& spec) override {
    tell([&] { return "create volume " + spec.name; });
    call("create_volume", [&] { engine_.create_volume(spec); });
  }
  void remove_volume(const std::string& name) override {
    tell([&] { return "remove volume " + name; });
    call("remove_volume", [&] { engine_.remove_volume(name); });
  }
  std::vector<docker::VolumeInfo> list_volumes(const std::map<std::string, std::string>& labels) override {
    return call("list_volumes", [&] { return engine_.list_volumes(labels); });
  }
  std::optional<docker::ImageInfo> inspect_image(const std::string& reference) override {
    return call("inspect_image", [&] { return engine_.inspect_image(reference); });
  }
  void pull_image(const std::string& reference,
                  const std::function<void(const docker::PullProgress&)>& progress) override {
    tell([&] { return "pull " + reference; });
    call("pull_image", [&] { engine_.pull_image(reference, progress); });
  }

 private:
  template <typename Action>
  auto call(const char* name, Action action) -> decltype(action()) {
    calls.emplace_back(name);
    if (on_call) on_call(calls.back());
    const bool now = at_ && calls.size() == *at_ + 1;
    if (now && fault_ == Fault::refused)
      throw Error(ErrorKind::failed, "E-ENGINE", std::string("cannot ") + name);
    if (now && fault_ == Fault::crash_before) throw Crash{name};
    if constexpr (std::is_void_v<decltype(action())>) {
      action();
      if (now) fail_afterwards(name);
    } else {
      auto result = action();
      if (now) fail_afterwards(name);
      return result;
    }
  }
  void fail_afterwards(const char* name) {
    if (fault_ == Fault::crash_after) throw Crash{name};
    throw Error(ErrorKind::failed, "E-ENGINE-STREAM", std::string("could not read the reply to ") + name);
  }

  template <typename Text>
  void tell(Text text) {
    if (on_change) on_change(text());
  }
  // What has several lines, a script above all, is told by its digest.
  static std::string word(const std::string& text) {
    constexpr std::size_t kDigits = 8;
    if (text.find('\n') == std::string::npos) return text;
    return "<" + sha256_hex(text).substr(0, kDigits) + ">";
  }
  static std::string join_words(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& text : words) line += (line.empty() ? "" : " ") + word(text);
    return line;
  }
  static std::string describe(const docker::ContainerSpec& spec) {
    std::string line = spec.name + " of " + spec.image + " as " + spec.user + ": " +
                       join_words(spec.entrypoint) + " " + join_words(spec.command);
    for (const Mount& mount : spec.mounts)
      line += "; " + mount.source + " at " + mount.target + (mount.read_only ? " (read-only)" : "");
    return line;
  }

  docker::Engine& engine_;
  std::optional<std::size_t> at_;
  Fault fault_ = Fault::refused;
};

}  // namespace pgupgrade::test
