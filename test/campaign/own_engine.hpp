// An engine that may be killed: a dockerd of our own, beside the one that the other campaigns use.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "pgupgrade/base/unique_fd.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {

// Runs in namespaces of its own for processes, mounts and networks, so that its containers, its bridges and
// its packet filter meet nobody else's. The thread that makes it is in that network as well, with all
// processes that it starts from then on, and has DOCKER_HOST name it, until this is gone; then all of its
// processes have ended. Needs root.
class OwnEngine {
 public:
  // Runs, and has these images of the engine that the environment named before.
  explicit OwnEngine(const Words& images);
  ~OwnEngine();
  OwnEngine(const OwnEngine&) = delete;
  OwnEngine& operator=(const OwnEngine&) = delete;

  // SIGKILL for dockerd alone; what containers do is theirs.
  void kill();
  // The power fails: every process of the engine and its containers ends at once, and with them all mounts,
  // networks and what is kept in /run.
  void kill_everything();
  // Returns when it answers; by then it has started the containers that it starts by itself.
  void start();

 private:
  void boot();
  void enter_new_network();
  void end() noexcept;

  std::filesystem::path directory_;
  UniqueFd network_before_;
  std::map<std::string, std::optional<std::string>> variables_before_;
  pid_t machine_ = 0;  // unshare, whose only child is the first process of the namespace
  pid_t dockerd_ = 0;  // nsenter, whose only child it is
};

}  // namespace pgupgrade::test::campaign
