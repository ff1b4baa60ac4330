#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pgupgrade {

// Where a Compose project is, as the user names it to Compose itself.
struct ProjectLocation {
  std::vector<std::filesystem::path> files;  // absolute, in order; never empty after observation
  std::string project_name;                  // empty: Compose decides
  std::vector<std::string> profiles;
  std::vector<std::filesystem::path> env_files;
  bool operator==(const ProjectLocation&) const = default;
};

enum class Md5Policy {
  convert,  // known passwords become SCRAM; an unknown one is an error unless acknowledged
  keep,     // --keep-md5: roles whose password is not known keep their md5 verifier
};

// The strategy that copies the running server.
inline constexpr const char* kWarm = "warm";
// What `rehearse` has in its plan for a strategy: a copy of the running server, dumped and restored beside
// it.
inline constexpr const char* kRehearsal = "rehearsal";
inline bool copies_running_server(const std::string& strategy) {
  return strategy == kWarm || strategy == kRehearsal;
}
// No strategy: planning chooses one by what each would take.
inline constexpr const char* kAuto = "auto";
inline constexpr const char* kDump = "dump";

inline bool dumps_and_restores(const std::string& strategy) {
  return strategy != kWarm;
}

// Where services are declared: upgrade::Site.
inline constexpr const char* kComposeSite = "compose";
inline constexpr const char* kContainerSite = "container";

// What of both clusters is read before they are called equal, and when. All but `full` ask for a new cluster
// that shares the files of the old one's copy.
enum class Verify {
  full,      // every row, before the applications start again
  deferred,  // all but the rows before; the rows as they were then once the applications run again
  catalog,   // all but the rows
};

// How the old data can come back.
enum class Backup {
  tar,    // from an archive of it: the new cluster is made in the old one's place
  aside,  // it stays: the new cluster is made beside it, and the two change places
};

// The user's own commands, run by `sh -c` at these moments; empty: none.
struct Hooks {
  std::string before_freeze;  // nothing is stopped yet
  std::string after_verify;   // the new cluster was found equal to the old one
  std::string after_thaw;     // the applications run again
  bool operator==(const Hooks&) const = default;
};

// What a rehearsal does besides the upgrade.
struct Rehearsal {
  std::vector<std::string> scripts;  // absolute paths, run on the new cluster in this order
  std::string database;              // in which they run; empty: the only one of the user's
  bool keep = false;                 // the new cluster stays, on a port of this machine
  bool operator==(const Rehearsal&) const = default;
};

// What the user asked for. Holds no secret.
struct Request {
  ProjectLocation project;  // without files when `container` is given
  // --container: one that no Compose file describes, by name or id; empty: services of the project are meant.
  std::string container;
  int target_major = 0;
  std::vector<std::string> services;  // empty: the only Postgres service, or all with `all_services`
  bool all_services = false;
  std::string strategy = kAuto;  // --strategy: one of upgrade::strategies(), or kAuto
  std::optional<Verify> verify;  // --verify; else by the strategy
  std::optional<Backup> backup;  // --backup; else by the strategy
  std::string image;             // --image: overrides the derived new image
  std::string old_image;         // --old-image: starts services on it again whose image was changed too early
  std::optional<std::filesystem::path> password_file;  // lines role:password, mode 0600
  Md5Policy md5_policy = Md5Policy::convert;
  std::vector<std::string> acknowledged;  // codes of warnings-to-be that the user accepts (--accept CODE)
  int jobs = 0;                           // parallel dump and restore; 0: from the engine's processors
  std::filesystem::path state_root;       // the .pgupgrade directory
  std::optional<std::filesystem::path> backup_directory;  // --backup-dir: where backups go; else to the run
  std::optional<std::filesystem::path> dump_directory;    // --keep-dumps: where copies of the dumps go
  bool edit_files = true;                                 // --no-edit: the project's files stay as they are
  bool keep_going = false;  // --keep-going: a service that fails goes back alone, the others are upgraded
  bool deep = false;        // --deep: rows of tables are read for what a restore would refuse
  Hooks hooks;
  Rehearsal rehearsal;  // of strategy kRehearsal
  Request with(std::string other_strategy) const {
    Request other = *this;
    other.strategy = std::move(other_strategy);
    return other;
  }
  bool operator==(const Request&) const = default;
};

// What a copy of the running server becomes is beside the old data by nature. A rehearsal replaces nothing.
inline Backup backup_of(const Request& request) {
  if (request.strategy == kRehearsal) return Backup::tar;
  return request.backup.value_or(request.strategy == kWarm ? Backup::aside : Backup::tar);
}

inline Verify verify_of(const Request& request) {
  return request.verify.value_or(request.strategy == kWarm ? Verify::deferred : Verify::full);
}

inline const char* site_name(const Request& request) {
  return request.container.empty() ? kComposeSite : kContainerSite;
}

}  // namespace pgupgrade
