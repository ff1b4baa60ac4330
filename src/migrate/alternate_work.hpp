#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "migrate/commands.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/migrate/alternate.hpp"

// The parts of a rehearsal within one server: the copy, the scripts, what is applied.
namespace pgupgrade::migrate {

// What they share. The state is what is on disk after save().
struct AlternateWork {
  const AlternatePlan& asked;
  World& world;
  upgrade::Listener& listener;
  std::filesystem::path directory;
  AlternateState state;

  void save() const { save_alternate(asked.plan.state_root, state); }
  // A place at which the process may die.
  void reach(const std::string& place) const { world.probe.reach("alternate:" + place); }
  Copying copying(const postgres::RemoteServer& server) const;
};

// Drops an earlier copy of ours, makes it anew, and compares it (alternate_copy.cpp). Returns what was
// compared: "3 tables, 20 rows: identical". What could not be copied is removed.
std::string copy_schemas(AlternateWork& work);

// Runs a script in a database (alternate_scripts.cpp). `index` is its place among the plan's.
// Error(failed, "E-SCRIPT"), Error(refused, "E-DRIFT") when the file has changed.
void run_in(const AlternateWork& work, const Script& script, const std::string& database, std::size_t index);
// Whether the one transaction of the script that was run in the database itself was committed. Nothing: not
// known.
std::optional<bool> is_committed(const AlternateWork& work, std::size_t index);
// Runs a program; the connection that keeps the lock is kept alive meanwhile.
ProgramOutput run_watched(const AlternateWork& work, const Command& command);
std::string this_boot();  // of this machine
std::string name_of(const Script& script);

// The database itself (alternate_apply.cpp).
// Dumps the schemas into the run's directory, and reads the dump again. Returns where it is and its size.
std::string dump_before(AlternateWork& work);
void apply_one(AlternateWork& work, const Script& script);
// Finds out what became of the script at which a run was killed. Error(refused, "E-APPLIED-PARTLY").
void settle(AlternateWork& work);

}  // namespace pgupgrade::migrate
