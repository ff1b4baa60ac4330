#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pgupgrade/migrate/make_plan.hpp"
#include "pgupgrade/migrate/migrate.hpp"

// Within one server: chosen schemas of a database are copied into an alternate one, the user's scripts are
// tried there, and those that have passed are applied to the database itself.
namespace pgupgrade::migrate {

struct Script {
  std::string path;  // absolute
  std::string sha256;
  bool one_transaction = true;  // it is put into one
  bool operator==(const Script&) const = default;
};

// Reads them. Error(usage, "E-USAGE") for one that leads psql to other files or another database.
std::vector<Script> read_scripts(const std::vector<std::string>& paths);

// What was done so far with one database and its alternate; one file. Holds no secret.
struct AlternateState {
  std::string id;  // "alternate-1a2b3c4d": the directory's name
  std::string database;
  std::string into;
  Schemas schemas;
  bool creating = false;              // the alternate database, which bears no mark yet
  bool copied = false;                // the copy was equal, before scripts ran in it
  std::vector<Script> passed;         // in the copy, in order
  std::int64_t tried_ms = 0;          // when the last of them did
  std::string dump;                   // of the schemas, before anything was applied
  std::vector<std::string> way_back;  // commands
  std::vector<Script> applied;        // to the database, in order
  std::string under_way;              // digest of the script that was begun and has not ended
  std::string boot;                   // of this machine, when it was begun
  std::string cluster;                // the server's system identifier, when it was begun; empty: not told
  std::int64_t applied_ms = 0;        // when the last of all was
  bool operator==(const AlternateState&) const = default;
};

inline constexpr const char* kAlternateFile = "alternate.json";

// What a server is known by, in the state's name.
std::string known_by(const Request& request, const postgres::RemoteServer& server);

// As it is on disk; a fresh one where there is none. Error(usage, "E-STATE-DAMAGED").
AlternateState load_alternate(const std::filesystem::path& state_root, const std::string& server,
                              const std::string& database, const std::string& into);
AlternateState read_alternate(const std::filesystem::path& path);
void save_alternate(const std::filesystem::path& state_root, const AlternateState& state);

// The state files under a state root, the newest first.
std::vector<std::filesystem::path> find_alternates(const std::filesystem::path& state_root);

// What is left on this machine beside the state file and the log: dumps, copies of scripts, and what they
// printed.
std::vector<std::filesystem::path> alternate_leftovers(const std::filesystem::path& state_file);
// Whether an application has begun and not come to its end: its dump is the way back.
bool is_midway(const AlternateState& state);
// Removes those. Error(locked, "E-UNFINISHED") midway, "E-LOCKED" while another process works there.
AlternateState clean_up_alternate(const std::filesystem::path& state_file);

// An extension that the schemas need.
struct NeededExtension {
  std::string name;
  std::string version;
  std::string schema;
};

enum class Purpose { rehearse, apply };

struct AlternatePlan {
  Purpose purpose = Purpose::rehearse;
  Plan plan;              // of the copy, or of the dump; the programs
  std::string server;     // what it is known by
  std::string container;  // that has it and programs of its version; empty: none is known
  AlternateState state;
  std::vector<Script> scripts;
  std::vector<NeededExtension> extensions;
  std::vector<std::string>
      outside;  // "table public.users (constraint … on table sales.orders)": others' that are needed
  std::int64_t bytes = 0;  // of the schemas' tables
  bool replaces = false;   // an earlier copy of ours
};

struct PlannedAlternate {
  bool ok = false;
  AlternatePlan plan;       // only when ok
  Diagnostics diagnostics;  // errors first
};

// Looks, and changes nothing. `request` has one database. Both servers are sessions of one server, `source`
// to the database. Error(usage, "E-UNKNOWN-SCHEMA"), Error(refused, "E-NOT-REHEARSED").
PlannedAlternate plan_alternate(Purpose purpose, const Request& request, const std::vector<Script>& scripts,
                                postgres::RemoteServer& source, postgres::RemoteServer& target,
                                const std::vector<ClientPrograms>& programs,
                                const std::function<void(const std::string&)>& say);

// Error(refused, "E-NOT-REHEARSED") unless the very same scripts have passed, for the same schemas.
void require_passed(const AlternateState& state, const Schemas& schemas, const std::vector<Script>& scripts);

// Makes the copy anew, compares it, and runs the scripts there. Throws failed "E-MIGRATE", "E-SCRIPT",
// difference "E-DIFFERENCE", locked "E-LOCKED". What could not be copied is removed; a copy in which a script
// failed stays.
AlternateState rehearse_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener);

// Dumps the schemas, reads the dump again, and runs those scripts on the database that were not applied yet.
// Error (failed, "E-SCRIPT") for one that fails, Error(refused, "E-APPLIED-PARTLY") for one of which it is
// not known how far it came.
AlternateState apply_scripts(const AlternatePlan& plan, World& world, upgrade::Listener& listener);

// Drops what bears our mark in the alternate database: itself, or schemas. Returns a line each.
// Error(refused, "E-NOT-OURS") where nothing does. Of the request only what names state, server and copy
// counts.
std::vector<std::string> drop_alternate(postgres::RemoteServer& server, const Request& request);

}  // namespace pgupgrade::migrate
