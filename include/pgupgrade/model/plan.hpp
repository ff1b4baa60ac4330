#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/diagnostic.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade {

enum class PasswordAction { to_scram, keep_md5 };

struct RolePlan {
  std::string role;
  PasswordAction action = PasswordAction::to_scram;
  std::string origin;  // where the password is known from
  bool operator==(const RolePlan&) const = default;
};

// A membership that gives a role with CREATEROLE back what it could do up to 15.
struct RoleGrant {
  std::string role;    // what is granted, with admin option
  std::string member;  // to whom
  bool fresh = true;   // it is no member yet; the grant then gives the admin option and no more
  bool operator==(const RoleGrant&) const = default;
};

// A place of the run's own in the file system of the data, where the new cluster is made beside the old data.
struct AsidePlan {
  Mount mount;                 // a volume, or a directory beside the data's; without a target
  std::string directory;       // where it is on the host; empty: there is none
  std::string data_directory;  // where the data mount is on the host
  bool copied = true;  // it gets a copy of the old cluster, which the run works on in that one's stead
  std::string copied_because;  // of a dump: what only a copy allows; empty: the old cluster itself is dumped
  bool operator==(const AsidePlan&) const = default;
};

// All that a run does to one Postgres service. Frozen before the first change; holds no secret.
struct TargetPlan {
  std::string service;
  std::string container_id;
  std::string container_name;
  RestartPolicy restart;

  std::string old_version;  // "15.8"
  int old_major = 0;
  int new_major = 0;
  std::string old_image;     // reference in Compose
  std::string old_image_id;  // what work containers of the old version run
  std::string new_image;     // reference in Compose after the edit

  Mount data_mount;                 // as the old container has it
  std::vector<Mount> other_mounts;  // of the old container, kept in work containers
  VolumeFacts data_volume;          // name empty for a bind mount
  std::string old_pgdata;           // absolute, within data_mount.target
  std::string new_data_target;      // where the new container mounts the data
  std::string new_pgdata;           // absolute, within new_data_target
  bool custom_pgdata = false;       // the service sets PGDATA itself, so it stays whatever the new image says
  bool keeps_old = false;           // the new cluster is made beside the old one, which stays until cleanup
  std::map<std::string, std::string> environment;
  std::string user;  // `user:` of the old container, empty: the image's
  std::int64_t shm_bytes = 0;

  Inventory inventory;                        // of the old server when planned (connections left out)
  std::vector<RolePlan> roles;                // those with an md5 verifier
  std::vector<std::string> dropped_settings;  // not known to the new version; filled when its image is known
  std::int64_t data_bytes = 0;                // sum of the databases
  std::vector<RoleGrant> role_grants;         // made after the restore, in this order
  AsidePlan aside;
  // Of a plain container: the `docker run` lines that the new one amounts to, and the old one.
  std::string run_line;
  std::string old_run_line;
  std::string old_libc;  // of the old image, as ImageFacts::libc; known where indexes may have to be rebuilt
  bool operator==(const TargetPlan&) const = default;
};

// What a step brings the run past. Whoever asks how far a run has come asks for points, never for steps.
enum class Point {
  stops_clients,     // clients no longer run, and do not start by themselves
  stops_server,      // nor does the old server
  replaces_data,     // the old data leaves its place
  fills_place,       // the new cluster is written to where the old data was
  proves,            // the new cluster was found equal to the old one
  declares,          // the user's files name the new image
  serves,            // the new server runs for clients
  releases_clients,  // clients run again
};

// When a step is carried out: while all is in use, in the downtime, or once all is in use again.
enum class Phase { prepare, window, after };

struct StepPlan {
  std::string name;
  Phase phase = Phase::window;
  std::vector<Point> passes;
  bool operator==(const StepPlan&) const = default;
};

struct DiskNeed {
  std::string place;  // "the engine's volumes", "/srv/app/.pgupgrade"
  std::int64_t needed_bytes = 0;
  std::int64_t free_bytes = 0;  // -1: cannot be told
  bool operator==(const DiskNeed&) const = default;
};

// What a strategy would take and do, side by side with the others; as known when the plan was made.
struct StrategyOutlook {
  std::string name;
  std::int64_t downtime_ms = 0;
  std::string basis;                   // of the downtime: "default rates", "rates of run 7f3a21bc"
  std::int64_t room_bytes = 0;         // at most, of all targets, until cleanup
  std::string way_back;                // "the backup"
  std::vector<std::string> changes;    // what it would change or lose in the clusters
  std::vector<std::string> obstacles;  // why it does not suit, each with what would make it suit
  bool operator==(const StrategyOutlook&) const = default;
};

enum class CheckOutcome {
  passed,
  postponed,  // the new image is not on the engine yet; it is looked at once that was pulled
  noted,
  warned,
  refused,
};

// A thing that was looked at when the plan was made.
struct CheckLine {
  std::string title;               // what is so where it has passed: "nothing else mounts the data"
  std::vector<std::string> codes;  // of what it may say, which is among the plan's diagnostics then
  CheckOutcome outcome = CheckOutcome::passed;  // the worst of all services
  std::vector<std::string> services;            // those of which it said something
  bool operator==(const CheckLine&) const = default;
};

struct Plan {
  int format = 1;
  std::string site = kComposeSite;        // where the services are declared
  std::string strategy = "dump";          // how the new cluster comes by its data
  std::string strategy_reason;            // why this one, in words; empty: an older program's plan
  std::vector<StrategyOutlook> outlooks;  // of every strategy, the one above too
  Verify verify = Verify::full;
  Backup backup = Backup::tar;
  std::vector<StepPlan> steps;  // in their order; empty until upgrade::add_steps
  std::string run_id;           // 8 hex digits
  std::string tool_version;
  std::string engine_id;
  std::string engine_endpoint;
  std::string project;
  std::string project_directory;
  ProjectLocation location;
  std::string state_root;
  std::string backup_directory;  // path in which the run's backups get a directory; empty: the run's own
  std::string dump_directory;    // --keep-dumps: likewise of its dumps; empty: none are kept
  std::vector<TargetPlan> targets;
  std::vector<ClientFacts> clients;
  std::vector<std::string> host_clients;
  std::vector<FileEdit> edits;
  bool edit_files = true;        // --no-edit: a Compose file of the run's own names the new images instead
  std::vector<FileEdit> to_set;  // --no-edit: what is left to the user, as far as places in files were found
  std::map<std::string, std::string> file_digests;  // of the files to edit, before the edit
  bool keep_going = false;  // a target that fails goes back alone, the others are upgraded
  Hooks hooks;
  Rehearsal rehearsal;
  std::string password_file;              // path, empty if none
  std::vector<std::string> acknowledged;  // codes that the user accepted
  int jobs = 1;
  std::int64_t estimated_downtime_ms = 0;
  std::vector<DiskNeed> disk;
  Diagnostics diagnostics;  // warnings and notes; errors never make a plan
  std::vector<CheckLine> checks;
  bool operator==(const Plan&) const = default;
};

// Whether the plan is that of a rehearsal: nothing of the user's is changed by it.
inline bool is_rehearsal(const Plan& plan) {
  return plan.strategy == kRehearsal;
}

// Whether the new cluster is filled from a dump, rather than made of the copy's files.
inline bool is_dumped(const Plan& plan) {
  return dumps_and_restores(plan.strategy);
}

}  // namespace pgupgrade
