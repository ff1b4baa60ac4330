#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/run_state.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

struct TargetReport {
  std::string service;
  std::string old_version;
  std::string new_version;
  std::int64_t tables = 0;
  std::int64_t rows = 0;
  std::int64_t accepted_differences = 0;  // told by the notes
  bool rows_compared = true;  // else the new cluster has the files of the copy, and that is all that is known
  std::int64_t sequences = 0;
  std::int64_t roles = 0;
  std::string backup_file;  // empty where the old data stays untouched
  std::string kept_dumps;   // a directory of dumps, empty when none are kept
  std::string old_data;     // where it then is: "volume pgupgrade-7f3a-db-aside"
  bool old_stays = false;   // in its directory, beside that of the new version
  std::int64_t backup_bytes = 0;
  std::string backup_sha256;
  int logins_tried = 0;
  int logins_accepted = 0;
  std::vector<std::string> notes;  // roles that keep md5, settings left out, …
  std::string failure;             // with --keep-going: why it was given up; it is as before then
};

// A step that a rehearsal has gone through, as in the downtime of an upgrade.
struct RehearsedPart {
  std::string step;
  std::int64_t ms = 0;
};

// A server that a rehearsal has left running.
struct KeptServer {
  std::string service;
  std::string container;  // for docker exec
  std::string user;
  std::string database;
  int port = 0;  // of 127.0.0.1
};

struct Report {
  std::string run_id;
  std::filesystem::path state_file;
  RunOutcome outcome = RunOutcome::unfinished;
  Until halt = Until::end;  // where an unfinished run has halted, as it was asked to
  std::int64_t total_ms = 0;
  std::int64_t downtime_ms = 0;  // from freeze to the end of thaw
  std::int64_t forecast_ms = 0;  // what the plan said of it
  std::vector<TargetReport> targets;
  // Of a rehearsal: its measured parts, and what of a downtime it does not go through, estimated.
  bool rehearsal = false;
  std::vector<RehearsedPart> parts;
  std::int64_t measured_ms = 0;
  std::int64_t estimated_ms = 0;
  std::vector<KeptServer> kept;
};

struct PlannedStep {
  int number = 0;
  std::string name;
  std::string description;
  char sign = ' ';  // '-' destroys, '~' edits, ' ' else
  Phase phase = Phase::window;
  std::vector<Point> passes;
};
// Of a plan that add_steps has been called for.
std::vector<PlannedStep> planned_steps(const Plan& plan);

// What the new version refuses of the old clusters of a plan, tried in work containers while the servers run:
// an error each, or a warning when the user has accepted its code. Needs the new images on the engine, else
// that is a warning. Changes nothing.
Diagnostics rehearse_plan(const Plan& plan, World& world);

// Begins a run: state file, locks, then all steps until then. Throws Error; the run's state then says what is
// done. What has halted is gone on with by resume_upgrade, or given up by roll_back.
//   usage  "E-PART"    the plan has no such part
//   locked "E-LOCKED"  another run holds one of the volumes (the holder is named), or an unfinished run is in
//                      the state root
// The downtime does not begin before `not_before_ms` (Unix time), if there is one: until then the run waits,
// prepared (is_prepared), and keeps what it has prepared up to date. Error(interrupted) leaves it so.
struct Extent {
  Until until = Until::end;
  std::optional<std::int64_t> not_before_ms = std::nullopt;
};
Report start_upgrade(const Plan& plan, World& world, Listener& listener, const Extent& extent = {});

// Gives up what rehearsals that were cut off have left under the state root. Error(locked) while one goes on.
void give_up_rehearsals(const std::filesystem::path& state_root, World& world);

// What a prepared run has at hand, a line each: "the copy of service db follows its server". Empty for a
// strategy that leaves nothing running between the two.
std::vector<std::string> preparation(const RunState& state, World& world);

// Goes on with an interrupted run (or with an interrupted rollback: direction is sticky), as far as it was
// asked to go; one that is prepared goes on to its end. A run that has halted after a later part, or has
// succeeded, has nothing left to do and gives its report again. Error(usage, "E-ENDED") when it was rolled
// back or cleaned up. With `not_before_ms` as start_upgrade; Error(usage, "E-AT") where the downtime has
// begun.
Report resume_upgrade(const std::filesystem::path& state_file, World& world, Listener& listener,
                      std::optional<std::int64_t> not_before_ms = std::nullopt);

// The next part of a run that halted, or the same one again when it was interrupted: `wiped` after `dumped`,
// `end` after `wiped`. Error(usage, "E-PART") when the run is not there.
Report carry_on(const std::filesystem::path& state_file, const Extent& extent, World& world,
                Listener& listener);
// Throws that error, or does nothing.
void refuse_other_part(const RunState& state, Until until);

enum class NewWrites { keep, discard };
// Back to where the run began. Error(refused, "E-NEW-WRITES") when clients may have written to the new server
// and `writes` is keep. Error(rollback_failed) carries the manual steps in its hint.
Report roll_back(const std::filesystem::path& state_file, NewWrites writes, World& world, Listener& listener);

struct CleanupReport {
  std::vector<std::string> removed;  // a line each
  std::vector<std::string> kept;     // what is left on purpose, a line each
  std::int64_t freed_bytes = 0;
};
// What cleanup would remove, without doing it; and doing it. Only for runs that ended (succeeded or rolled
// back): Error(refused, "E-UNFINISHED") else.
CleanupReport plan_cleanup(const std::filesystem::path& state_file, World& world);
CleanupReport clean_up(const std::filesystem::path& state_file, World& world);

// Which containers and volumes of the run exist now, a line each, for `status`.
std::vector<std::string> leftovers(const std::string& run_id, World& world);

// Where a failed or interrupted run left the user's data: "untouched, still PostgreSQL 15; the applications
// are stopped". For error messages and `status`.
std::string data_state(const RunState& state);
// What to type next for a run in that state: "pgupgrade resume", "pgupgrade rollback", with --state if
// needed.
std::vector<std::string> next_commands(const RunState& state, const std::filesystem::path& state_file);

}  // namespace pgupgrade::upgrade
