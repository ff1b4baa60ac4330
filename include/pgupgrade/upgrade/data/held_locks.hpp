#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// For one who would only find that a run there is unfinished, not that a process works on it:
// Error(locked, "E-LOCKED") names that process. A state root that does not exist is not made.
void refuse_held_state_root(const std::filesystem::path& state_root, Clock& clock);

// Removes the engine's lock containers of a run that no longer exists, or of the given run.
// Error(refused, "E-LOCK-ALIVE") when its process, or another one that works on the run, lives on this host.
struct HeldLock {
  std::string container;  // its name
  std::string id;
  std::string run_id;
  std::string holder;  // "user@host, process 123, /srv/shop/docker-compose.yml"
  std::string data;    // "volume shop_pgdata"
  std::string state_root;
};
std::vector<HeldLock> find_locks(World& world);
void release_lock(const HeldLock& lock, World& world);

}  // namespace pgupgrade::upgrade
