// Looks for secrets wherever something that runs could leave them.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pgupgrade::test::campaign {

// Texts that must be found nowhere, each with a name under which it is told.
using Canaries = std::map<std::string, std::string>;

// What a secret was found in: "canary reader's password in the arguments of process 12: pg_dump …".
using Findings = std::set<std::string>;

// From its making until `end` it looks, again and again and as fast as it can, at the arguments and the
// environment of every process, at what the engine keeps of every container (its configuration, its log) and
// at the files below some directories, and takes down every event of the engine. Needs root.
//
// Left out, since the user wrote the secret there: the configuration of the containers of `project`, and the
// environment of their processes.
class Watch {
 public:
  // `may_hold` says of a file below `places` whether a secret may be in it: then only nobody else may read
  // it.
  Watch(std::string project, Canaries canaries, std::vector<std::filesystem::path> places,
        std::function<bool(const std::filesystem::path&)> may_hold);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // What a program said.
  void look_at(const std::string& what, const std::string& text);
  // The logs of work containers, for those that outlive their step: to be called when nothing runs.
  void look_at_leftovers();
  // A directory of ours and all in it: 0700 and 0600.
  void require_private(const std::filesystem::path& directory);
  // Secrets that became known late; what was looked at before is looked at again where it still is, and the
  // arguments of all processes that were seen.
  void learn(const Canaries& more);

  // Whether there is a finding by now that has this in it.
  bool has(const std::string& text);

  // Ends the looking; the engine's events are looked at whole, and the log of the engine itself.
  Findings end();

  std::size_t processes_seen() const { return processes_.size(); }
  std::size_t containers_seen() const { return containers_.size(); }

 private:
  void look_for_processes();
  void look_for_containers();
  void look_for_files();
  enum class WorkLogs { leave_out, look_at };
  void look_at_container(const std::filesystem::path& directory, WorkLogs work_logs);
  void look_at_events();
  bool is_users_container(const std::string& id, const std::string& configuration);
  void take_down(const std::string& finding);
  void loop(void (Watch::*look)());

  std::string project_;
  Canaries canaries_;
  std::vector<std::filesystem::path> places_;
  std::function<bool(const std::filesystem::path&)> may_hold_;
  std::filesystem::path engine_root_;
  std::filesystem::path events_file_;
  std::mutex mutex_;  // of all below, and of the canaries
  Findings findings_;
  std::set<std::string> users_containers_;
  std::set<std::string> processes_, containers_;
  std::atomic<bool> ended_{false};
  pid_t events_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace pgupgrade::test::campaign
