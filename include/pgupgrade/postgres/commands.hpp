#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade::postgres {

// The command lines of PostgreSQL's own programs, as argv arrays for a work container. Directories are paths
// in the container; `socket` is the directory of the server's socket. No password is ever needed.

struct Connection {
  std::string socket;
  std::string superuser;
};

std::vector<std::string> dump_globals(const Connection& connection, const std::string& file);
// `new_major` is the programs': from 17 on they sync by syncfs(), one call for all files, where one call each
// takes a second for a few hundred.
std::vector<std::string> dump_database(const Connection& connection, const DatabaseFacts& database,
                                       int new_major, const std::string& directory, int jobs);
std::vector<std::string> list_dump(const std::string& directory);
// The commands that restore one database, in order: what creates it and its tables (--create; "postgres" and
// "template1" are replaced while connected to the other), then all rows, then indexes, constraints and
// triggers. One pg_restore for all three could fire a trigger of a partitioned table while rows of its
// partitions are still being loaded: its jobs wait for the parent table's own rows, and a parent has none.
// `post_data_list` is a file of entries (--use-list) that the last one keeps to; empty: all. Where the dump
// holds marks of columns (Server::clear_column_marks) its tables are made by a script, without them.
enum class ColumnMarks { none, dumped };
std::vector<std::vector<std::string>> restore_database(const Connection& connection,
                                                       const std::string& database,
                                                       const std::string& directory, int jobs,
                                                       const std::string& post_data_list = {},
                                                       ColumnMarks marks = ColumnMarks::none);
// A filter (sed) that takes the marks out of a script of pg_restore.
std::vector<std::string> without_column_marks();
// REFRESH of the materialized views in the list, which restore_database() has left out.
std::vector<std::string> refresh_views(const Connection& connection, const std::string& database,
                                       const std::string& directory, int jobs, const std::string& list);
std::vector<std::string> run_sql_file(const Connection& connection, const std::string& database,
                                      const std::string& file);  // psql -X, ON_ERROR_STOP
std::vector<std::string> analyze_all(const Connection& connection,
                                     int jobs);  // vacuumdb --all --analyze-only
// The same for one database, or for some of its tables (qualified, quoted names).
std::vector<std::string> analyze_database(const Connection& connection, const std::string& database, int jobs,
                                          const std::vector<std::string>& tables);

// initdb for a cluster like the old one: superuser, encoding, locale, provider, checksums, WAL segment size
// of the old template1 (or postgres) database. `new_major` decides how switches are spelled (from 18 on
// checksums are the default and need --no-data-checksums; ICU from 15 on; builtin from 17 on).
std::vector<std::string> initdb(const Inventory& old, int new_major, const std::string& data_directory);
std::vector<std::string> initdb_sync_only(int new_major, const std::string& data_directory);

// A server of ours: no TCP, our own hba file, our socket directory; `settings` are added as -c name=value,
// and cannot undo that. `config_file` is empty when it is the one in the data directory.
std::vector<std::string> server(const std::string& data_directory, const std::string& config_file,
                                const std::string& socket, const std::string& hba_file,
                                const std::vector<SettingFacts>& settings);

// -c settings that make a restore fast and are safe because a crash starts it over (measured: 20.4 → 14.2 s).
std::vector<SettingFacts> restore_settings(std::int64_t memory_bytes);

// Cluster state as pg_controldata prints it: "shut down", "in production"; empty when not found.
std::string cluster_state(const std::string& control_data_output);
// "0:735" of pg_controldata's output: the first transaction id that no transaction has used yet when the
// cluster was shut down. Empty when it is not told.
std::string next_transaction(const std::string& control_data_output);

// pg_dumpall --globals-only text without the statement that creates the bootstrap superuser (its ALTER
// stays): initdb made that role already. Throws Error(failed, "E-GLOBALS") when the line is not there exactly
// once.
std::string without_superuser_creation(const std::string& globals, const std::string& superuser);

// The lines of pg_restore --list that are of the kind (without those of the objects that are left out, by oid
// in the old cluster), and all the others.
struct SplitListing {
  std::string of_kind;
  std::string others;
};
SplitListing split_listing(const std::string& listing, const std::string& kind,
                           const std::set<std::string>& left_out = {});

// The listing without the entries that switch a trigger of a foreign key off or on: for a partition whose key
// is in another state than its parent's pg_dump names that trigger, and its name, RI_ConstraintTrigger_c_OID,
// is another in each cluster. The plan's statements (LeftBehind::key_states) carry the states.
std::string without_key_triggers(const std::string& listing);

// Entries of pg_restore --list: kind -> count ("TABLE", "TABLE DATA", "INDEX", …).
std::map<std::string, std::int64_t> count_listing(const std::string& listing);

}  // namespace pgupgrade::postgres
