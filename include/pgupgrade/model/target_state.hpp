#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgupgrade {

// The new image, as it was when the run took it.
struct NewImage {
  std::string id;
  std::string version;
  std::string owner;                          // "uid:gid" of the new data directory
  std::string builder;                        // "uid:gid" that initdb runs as: the image's own user
  bool settings_known = false;                // older programs did not write down
  std::vector<std::string> unknown_settings;  // of the old server's
  bool operator==(const NewImage&) const = default;
};

struct BackupState {
  std::string archive_sha256;
  std::int64_t archive_bytes = 0;
  std::string manifest_sha256;
  bool damaged = false;  // found so when it was needed
  bool operator==(const BackupState&) const = default;
};

// What a strategy that empties the place of the old data has done to it.
enum class OldData {
  in_place,   // as far as is known: of two records the later may be lost
  leaving,    // written before the first file goes; from here on the backup is the truth
  stayed,     // that it leaves was written, but nothing had gone
  returning,  // the backup is being put back
  returned,   // whole
};

// Of the new cluster, as it was found equal to the old one.
struct ContentCounts {
  std::int64_t tables = 0;
  std::int64_t rows = 0;
  std::int64_t sequences = 0;
  std::int64_t roles = 0;
  bool operator==(const ContentCounts&) const = default;
};

// Where the rows are compared apart from all else (Verify::deferred).
enum class RowsCompared {
  by_plan,  // not apart; or not yet
  identical,
  different,
  missed,  // what held the new rows as they were has ended with the process that held it
};

// With --keep-going: a target that failed goes back alone.
enum class GivenUp {
  no,
  going_back,  // written before the first thing is taken back
  back,        // as before the run; nothing of it is the run's any more
};

// What a run has found out about one target and must find again. Steps tell each other nothing but this, and
// none asks which step it is from. Holds no secret.
struct TargetState {
  NewImage image;
  std::string old_owner;            // "uid:gid" of the old data directory
  std::vector<std::string> logins;  // roles whose known passwords let them in before
  int logins_repeated = 0;          // of them, those that let them into the new server
  std::string old_started_at;       // of the old container, when it was stopped
  BackupState backup;
  OldData old_data = OldData::in_place;
  // Between the clusters, as differences() says them: those that the user has accepted beforehand.
  std::vector<std::string> accepted_differences;
  std::string old_cluster_sha256;      // of RunFiles::old_cluster
  std::string old_fingerprint_sha256;  // of RunFiles::fingerprint(…, "old")
  std::string dump_sha256;             // of RunFiles::dump_record
  ContentCounts counts;
  RowsCompared rows_compared = RowsCompared::by_plan;
  std::string row_differences;                                   // where they are different
  std::map<std::string, std::vector<std::string>> not_analyzed;  // database -> tables
  std::string copied_checkpoint;  // of the old cluster, where its copy was found complete: "0/33550F8"
  bool same_libc = false;         // the new image's C library is the old one's, so text sorts alike
  std::string next_transaction;   // of the new cluster, before the service was first started on it
  GivenUp given_up = GivenUp::no;
  std::string failure;  // why it was given up: "E-DIFFERENCE: the new cluster …"
  bool operator==(const TargetState&) const = default;
};

}  // namespace pgupgrade
