#pragma once

#include <optional>
#include <string>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// One process at a time in a state root; the kernel drops the lock when the process ends. Error(locked,
// "E-LOCKED") names the holder.
FileLock lock_state_root(const std::filesystem::path& state_root, const std::string& holder, Clock& clock);

// One run at a time on a volume, whatever host or directory it is started from: a labelled container of a
// fixed name that is never started, made atomically by the engine. A lock of our own run is ours again.
void lock_data(World& world, const Plan& plan, const std::string& holder);
void unlock_data(World& world, const Plan& plan);
// For one who only looks: a service that a run has stopped is not simply down. Error(locked, "E-LOCKED").
void refuse_locked_data(World& world, const Mount& data);

// "user@host, process 123, /srv/shop/docker-compose.yml"
std::string describe_holder(const Plan& plan);

}  // namespace pgupgrade::upgrade
