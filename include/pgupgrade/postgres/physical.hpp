#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// Command lines of PostgreSQL's own programs for a physical copy of a running server, for the standby that
// follows it, and for pg_upgrade. Directories are paths in the work container.

// How a work container in the network namespace of a server's container reaches that server: over TCP,
// without a password and without TLS.
struct Primary {
  std::string superuser;
  int port = 5432;
};
Primary primary_of(const Inventory& inventory);
std::string primary_conninfo(const Primary& primary);

std::vector<std::string> base_backup(const Primary& primary, const std::string& directory);
// psql's argv for one replication command.
std::vector<std::string> replication_command(const Primary& primary, const std::string& command);

// What a server is started with beyond server()'s settings so that it follows `primary`: the slot that it
// uses there is a temporary one, which ends with its connection. Recovery targets and restore commands of the
// primary's own configuration are overruled.
std::vector<SettingFacts> standby_settings(const Primary& primary, int major);

struct PhysicalUpgrade {
  std::string old_programs;  // directory
  std::string old_data;
  std::string new_data;
  std::string superuser;
  std::string sockets;                         // a directory for its own sockets, short
  std::vector<std::string> preload_libraries;  // shared_preload_libraries of both servers
  int jobs = 1;
  int new_major = 0;  // from 17 on the files are synced by one call
};
// pg_upgrade --check: the old server may be running.
std::vector<std::string> check_upgrade(const PhysicalUpgrade& upgrade);
std::vector<std::string> link_upgrade(const PhysicalUpgrade& upgrade);

// What `reader`'s running server has for a copy of it; the facts about its container and mounts are left out.
CopyFacts read_copy_facts(SqlReader& reader, const std::string& connect_database, const Inventory& inventory);

// "0/1EC7AA8", where the last checkpoint's record begins, and the cluster's identifier, in pg_controldata's
// output; empty when they are not told.
std::string checkpoint_location(const std::string& control_data_output);
std::string system_identifier(const std::string& control_data_output);

// How far pg_basebackup has come, by the last line of its --progress output; zeros while it tells nothing.
struct CopyProgress {
  std::int64_t done_bytes = 0;
  std::int64_t total_bytes = 0;
};
CopyProgress copy_progress(const std::string& output);

}  // namespace pgupgrade::postgres
