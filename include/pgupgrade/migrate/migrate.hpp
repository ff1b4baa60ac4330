#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/migrate/programs.hpp"
#include "pgupgrade/migrate/state.hpp"
#include "pgupgrade/postgres/remote.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::migrate {

// What a migration works with.
struct World {
  postgres::RemoteServer& source;
  postgres::RemoteServer& target;
  Programs& programs;
  Clock& clock;
  const Cancellation& cancellation;
  upgrade::Probe& probe;
};

// Begins a run: its state file, the roles, then one database after the other: created, filled, compared.
// A database that was not finished is taken back, those that were stay. Throws
//   failed "E-MIGRATE"            a program refused something; the object, the cause and its cure are named
//   difference "E-DIFFERENCE"     source and copy differ
//   refused "E-TARGET-NOT-EMPTY"  somebody else has made a database of that name since the plan
//   locked "E-LOCKED"             another process works on the run
State start(const Plan& plan, World& world, upgrade::Listener& listener);

// Goes on with the first database that is not done. Error(usage, "E-ENDED") for a run that was taken back.
State resume(const std::filesystem::path& state_file, World& world, upgrade::Listener& listener);

enum class Finished { keep, drop };
// Drops what the run has created at the target: an unfinished database, and with `drop` the finished ones and
// the roles, too. Error(refused, "E-NEW-WRITES") where there are finished ones and `finished` is keep.
State roll_back(const std::filesystem::path& state_file, Finished finished, postgres::RemoteServer& target);

// Removes what the run has left on this machine, its state file but for. Returns a line each.
std::vector<std::string> leftovers(const State& state);
State clean_up(const std::filesystem::path& state_file);

// What stands on the database at the target while it is filled.
std::string mark_of(const Plan& plan);

}  // namespace pgupgrade::migrate
