#pragma once

#include <filesystem>
#include <string>

#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

// Labels and names of all that we create on the engine. Names are made from the run and the purpose alone, so
// that what a lost reply created is found again.
inline constexpr const char* kRunLabel = "pgupgrade.run";
inline constexpr const char* kPurposeLabel = "pgupgrade.purpose";
inline constexpr const char* kLockLabel = "pgupgrade.lock";
inline constexpr const char* kHolderLabel = "pgupgrade.holder";
inline constexpr const char* kDataLabel = "pgupgrade.data";
inline constexpr const char* kVolumeLabel = "pgupgrade.volume-created";
inline constexpr const char* kStateRootLabel = "pgupgrade.state-root";

// The process that an observation's work containers belong to: nothing else would ever remove them.
inline constexpr const char* kProcessLabel = "pgupgrade.process";
// What stands for a run in names and labels while a plan is being made: this and a random number.
inline constexpr const char* kObservation = "observe-";

// A file in a data directory that stands empty between two clusters. A service that somebody starts on it
// ends
// ("exists but is not empty") rather than make an empty database.
inline constexpr const char* kUnfinishedMark = "pgupgrade-unfinished";

// Paths inside work containers.
inline constexpr const char* kRunMount = "/pgupgrade/run";  // the private socket directory, with pg_hba.conf
inline constexpr const char* kDumpMount = "/pgupgrade/dump";  // the dump volume

std::string work_container_name(const std::string& run, const std::string& service,
                                const std::string& purpose);
std::string dump_volume_name(const std::string& run, const std::string& service);
std::string rehearsal_volume_name(const std::string& run, const std::string& service);
// Of a rehearsed server that stays: its sockets.
std::string kept_volume_name(const std::string& run, const std::string& service);
// One lock a data mount, whatever the run: the same for all hosts that reach the engine.
std::string lock_container_name(const Mount& data);
// "volume shop_pgdata" or "directory /srv/shop/data".
std::string data_name(const Mount& data);
// "/data/15 of volume shop_pgdata"
std::string old_directory(const TargetPlan& target);
// "PostgreSQL 15, PostgreSQL 13": of all targets.
std::string old_versions(const Plan& plan);

// <socket root>/pgupgrade-<run>-<index of the target>: 0700; the directory "s" in it is what containers
// mount.
std::filesystem::path private_directory(const std::filesystem::path& socket_root, const std::string& run,
                                        std::size_t target_index);

}  // namespace pgupgrade::upgrade
