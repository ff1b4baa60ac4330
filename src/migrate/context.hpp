#pragma once

#include <functional>
#include <string>

#include "migrate/commands.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/migrate/migrate.hpp"

namespace pgupgrade::migrate {

// One database on its way.
struct Context {
  World& world;
  State& state;
  std::size_t index;
  upgrade::Listener& listener;

  const Plan& plan() const { return state.plan; }
  const DatabasePlan& database() const { return state.plan.databases[index]; }
  DatabaseState& record() const { return state.databases[index]; }
  std::string subject() const;  // "database \"shop\""
  // A place at which the process may die.
  void reach(const std::string& place) const;
  std::filesystem::path file(const std::string& name) const;  // of this database, in the run's directory
};

// The destination (destination.cpp). Creates it, or makes sure that it is empty, and marks what it creates.
void prepare_destination(const Context& context);
void drop_destination(const Plan& plan, const DatabasePlan& database, postgres::RemoteServer& target);
std::string create_statement(const Plan& plan, const DatabasePlan& database);
// Programs of a process that was killed may still be at it: they go by this application_name.
void end_our_sessions(postgres::RemoteServer& target, const std::string& database,
                      const std::string& application);
bool is_ours(const Plan& plan, const DatabasePlan& database, postgres::RemoteServer& target);

// No other process of this machine works in the directory of a run while this is kept.
FileLock lock_run(const std::filesystem::path& directory);

// The contents (copy.cpp).
void copy_contents(const Context& context, postgres::Snapshot& snapshot);

// The proof (verify.cpp). Error(difference, "E-DIFFERENCE").
void verify(const Context& context, postgres::Snapshot& snapshot,
            const std::map<std::string, std::string>& sequences_before);

// What is said of a database as a whole (properties.cpp): settings, connection limit, grants; and at the very
// end the comment, in place of the mark, and the owner. What the role may not set becomes a note.
void carry_properties(const Context& context);
void release_destination(const Context& context);

// Roles that the target lacks (new_roles.cpp).
void create_roles(World& world, State& state);

}  // namespace pgupgrade::migrate
