#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/sql.hpp"

// A rehearsal restores the schema of a running server, and the rows of its small databases, into an empty
// cluster of the new version, and goes on after what fails there.
namespace pgupgrade::postgres {

// Where a running server takes connections, as processes in its own container see it.
struct LivePostmaster {
  int process = 0;
  int port = 0;
  std::string socket_directory;  // absolute, without symbolic links
  std::string owner;             // "uid:gid" of its process
};
// A shell command that tells it; the argument is the data directory.
std::vector<std::string> find_postmaster(const std::string& data_directory);
// Nothing when the server has no socket in a directory, or the output is not whole.
std::optional<LivePostmaster> parse_postmaster(const std::string& output);
// The socket as another container sees it that has the server's process namespace.
std::string socket_through_process(const LivePostmaster& postmaster);

// Of each database of the inventory whether its rows are rehearsed: those of the smallest, up to so many
// bytes in all.
std::vector<bool> rows_to_rehearse(const Inventory& inventory, std::int64_t bytes);

// A shell script that dumps roles and databases into files of `directory`, rows where they are wanted and the
// directory has the room. It waits for no lock longer than a few seconds, and goes on after a dump that
// fails.
std::string rehearsal_dump_script(const Connection& live, int port, const Inventory& inventory,
                                  const std::vector<bool>& with_rows, const std::string& directory);
// The last line of either script's output, when it comes to its end.
inline constexpr const char* kRehearsalEnd = "== end";

// A shell script that makes a cluster in `directory`, and restores there what the other has written. It ends
// only when its server does, which goes on after kRehearsalEnd was printed.
struct Rehearsal {
  std::string directory;
  std::string socket;  // the directory of its server's socket, with a pg_hba.conf that lets everybody in
  int new_major = 0;
  std::vector<SettingFacts> settings;  // of its server
  std::string exchange_options;        // PGOPTIONS of the programs that restore
  std::string refresh_options;         // and of the sessions that compute materialized views
  // Of each database of the inventory what is run once its tables are there, and once all is.
  std::vector<std::vector<std::string>> statements;
  std::vector<std::vector<std::string>> last_statements = {};
};
std::string rehearsal_restore_script(const Inventory& inventory, const Rehearsal& rehearsal);

// What either script says failed, in its order. Left out is what follows from an earlier failure, and of the
// materialized views what may follow from rows or servers that a rehearsal lacks.
struct RehearsalFailure {
  std::string database;  // empty: the roles
  ProgramFailure failure;
};
std::vector<RehearsalFailure> parse_rehearsal(const Inventory& inventory, const std::vector<bool>& with_rows,
                                              const std::string& output);
// A failure to dump that says nothing of the new version: locks, connections, memory.
bool is_of_the_moment(const ProgramFailure& failure);
// What the catalogs of a server in use tell of these databases, as Server::catalogs() does.
Fingerprint read_live_catalogs(SqlReader& live, const Inventory& inventory);
// As Server::missing_built_ins().
std::vector<std::string> read_missing_built_ins(SqlReader& reader, const std::string& database);

// Whether the output is that of a script that came to its end.
bool is_whole_rehearsal(const std::string& output);

}  // namespace pgupgrade::postgres
