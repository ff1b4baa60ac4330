#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade {

// One step of a run. Times are Unix milliseconds; 0: not known, or not yet.
struct StepReport {
  std::string step;
  std::string description;  // empty where the program does not know the step
  Phase phase = Phase::window;
  StepPhase state = StepPhase::started;
  int attempt = 1;
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;  // of its last attempt forward
  std::int64_t undo_started_ms = 0;
  std::int64_t undone_ms = 0;
  std::int64_t bytes = 0;  // that it told to have worked through, 0: none
  bool operator==(const StepReport&) const = default;
};

// What of one database was compared, on both sides; -1: not known.
struct DatabaseReport {
  std::string name;
  std::int64_t tables = -1;
  std::int64_t old_rows = -1;
  std::int64_t new_rows = -1;
  std::int64_t sequences = -1;
  std::int64_t objects = -1;  // all else that users have made
  std::int64_t large_objects = -1;
  bool operator==(const DatabaseReport&) const = default;
};

struct ServiceReport {
  std::string service;
  std::string old_version;
  std::string new_version;  // empty while the new image is not known
  std::string old_image;
  std::string new_image;
  std::string data;  // "volume shop_pgdata"
  std::int64_t data_bytes = 0;
  bool identical = false;  // the new cluster was found equal to the old one
  ContentCounts counts;    // then
  bool rows_compared = false;
  std::vector<DatabaseReport> databases;
  std::vector<std::string> logins;  // roles whose known passwords let them in before
  int logins_accepted = 0;          // of them, by the new server
  std::string backup_file;          // empty where there is none
  std::int64_t backup_bytes = 0;
  std::string backup_sha256;
  std::string old_data;    // where the old data stays untouched, empty where it does not
  std::string kept_dumps;  // a directory, empty when none are kept
  std::vector<std::string> notes;
  std::string failure;  // with --keep-going: why it was given up; it is as before then
  bool operator==(const ServiceReport&) const = default;
};

struct FailureReport {
  std::string code;  // empty: nothing has failed
  std::string message;
  std::vector<std::string> context;  // innermost first
  std::string hint;
  bool operator==(const FailureReport&) const = default;
};

// All that is to be told of a run, once it has ended or stopped. Holds no secret.
struct RunReport {
  static constexpr int kFormat = 1;
  int format = kFormat;
  std::string tool_version;     // of the program that makes the report
  std::int64_t generation = 0;  // of the state that it was made of
  std::string run_id;
  std::string project;
  std::string state_file;
  std::string strategy;
  Verify verify = Verify::full;
  RunOutcome outcome = RunOutcome::unfinished;
  Direction direction = Direction::forward;
  bool prepared = false;  // all is done that can be done while the service runs, and nothing more
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;  // of the last step that ended
  std::int64_t turned_back_ms = 0;
  std::int64_t downtime_started_ms = 0;  // 0: nothing was stopped
  std::int64_t downtime_ended_ms = 0;    // 0 while it goes on
  std::int64_t estimated_downtime_ms = 0;
  std::string data;               // where the user's data is and what state it is in
  std::vector<std::string> next;  // commands to type
  FailureReport failure;
  std::vector<ServiceReport> services;
  std::vector<StepReport> steps;  // in the plan's order, those that were begun
  std::vector<std::string> stopped_clients;
  std::vector<FileEdit> edits;
  bool edited = false;  // the files say so now
  std::vector<FileEdit> to_set;
  Diagnostics diagnostics;
  std::vector<std::string> accepted;  // codes
  bool operator==(const RunReport&) const = default;
};

boost::json::value to_json(const RunReport& value);
// As the others of the model: Error(failed, "E-JSON") names the key.
RunReport run_report_from_json(const boost::json::value& value);
boost::json::object run_report_schema();  // of report.json

}  // namespace pgupgrade
