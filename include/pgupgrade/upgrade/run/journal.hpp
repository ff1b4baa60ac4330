#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/points.hpp"
#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade::upgrade {

// Where the files of a run are: <root>/<run>/…
struct RunFiles {
  std::filesystem::path directory;
  std::filesystem::path backups = {};  // empty: within the run's directory
  std::filesystem::path dumps = {};    // of --keep-dumps; empty: none are kept
  std::filesystem::path state() const { return directory / "state.json"; }
  std::filesystem::path previous_state() const { return directory / "state.json.previous"; }
  std::filesystem::path log() const { return directory / "run.log"; }
  std::filesystem::path backup_directory() const;
  std::filesystem::path archive(const std::string& service) const;
  std::filesystem::path manifest(const std::string& service) const;
  std::filesystem::path kept_dumps(const std::string& service) const;  // a directory within `dumps`
  std::filesystem::path fingerprint(const std::string& service,
                                    const std::string& side) const;     // "old", "new"
  std::filesystem::path old_cluster(const std::string& service) const;  // its record
  std::filesystem::path dump_record(const std::string& service) const;
  std::filesystem::path carried(const std::string& service) const;  // a directory of configuration files
  std::filesystem::path configuration(const std::string& service) const;  // tar of what is carried over
  std::filesystem::path compose_override() const { return directory / "override.yaml"; }
  std::filesystem::path original(
      std::size_t index) const;  // bytes of the index-th edited file before the edit
};

// The state file's text: a JSON envelope {"pgupgrade_state": format, "sha256": digest of the state's text,
// "state": {…}}.
std::string state_text(const RunState& state);
// Throws Error(usage, "E-STATE-DAMAGED" | "E-STATE-FORMAT") that names the path.
RunState parse_state(const std::string& text, const std::filesystem::path& path);

// The only writer of a run's state. Each change is durable before the call returns: the new generation is
// written beside and renamed, the generation before is kept as state.json.previous. While a step works on
// several targets at once, each in a thread, what it reads and writes of targets may be called from any of
// them; what is handed out by reference changes only by the calls for the same step and target.
class Journal {
 public:
  // Makes the run's directory (0700) and writes the first generation. Error(usage, "E-STATE-EXISTS") when the
  // directory is there already.
  static Journal create(const RunFiles& files, RunState state);
  // Reads and checks. A damaged state.json is an error that names the intact previous generation, if there is
  // one: which of the two is true cannot be known, so the user decides (--state FILE). Error(usage,
  // "E-STATE-FOREIGN") for the file of another run or place, and "E-STATE-OLD" while a newer generation of
  // the run is intact.
  static Journal open(const RunFiles& files);
  static Journal open_file(const std::filesystem::path& state_file);

  const RunState& state() const { return state_; }
  const RunFiles& files() const { return files_; }
  // Whether an earlier process began the run: much may have happened to its files since.
  bool was_opened() const { return opened_; }

  // How far the run has come: pgupgrade/model/points.hpp.
  bool begun(Point point) const { return pgupgrade::begun(state_, point); }
  bool ever_begun(Point point) const { return pgupgrade::ever_begun(state_, point); }
  bool passed(Point point) const { return pgupgrade::passed(state_, point); }

  // A step's own record, which nobody else looks at.
  const StepRecord* find(const std::string& step) const;
  std::string datum(const std::string& step, const std::string& key) const;  // empty when absent
  // Of several targets: what the step's record says of one; null when it says nothing.
  const TargetRecord* find(const std::string& step, const std::string& service) const;
  // How often the step has been begun for the target, this time included; 0: it has not.
  int attempt(const std::string& step, const std::string& service) const;
  // Whether the target may have been begun: what no record says of it, that of the step says.
  bool may_be_begun(const std::string& step, const std::string& service) const;
  // What is known of a target; as constructed while nothing is.
  const TargetState& target(const std::string& service) const;
  // With --keep-going: those that are not given up; and those of which something may still be taken back.
  std::vector<const TargetPlan*> targets_kept() const;
  std::vector<const TargetPlan*> targets_not_back() const;
  // Durable before anything of the target is taken back. False when no other is left to go on with.
  bool give_up(const std::string& service, const std::string& failure);
  // Whether one more record may have been written and be lost, so that the world may be a step further: true
  // of the generation before.
  bool may_be_behind() const { return may_be_behind_; }

  void record_started(const std::string& step, std::int64_t now_ms);  // another attempt if there is one
  void record_done(const std::string& step, std::int64_t now_ms);
  // Of several targets each is begun and done for itself. With one target, and for the last that comes to its
  // end, the step's own record says it, and nothing is written. The answer: whether it was.
  bool record_target_started(const std::string& step, const std::string& service);
  bool record_target_done(const std::string& step, const std::string& service);
  bool record_target_undone(const std::string& step, const std::string& service);
  // Of these steps those that have been begun are begun again for these targets, and what they had found is
  // forgotten.
  void reopen(const std::vector<std::string>& steps, const std::vector<std::string>& services);
  void record_undo_started(const std::string& step, std::int64_t now_ms);
  void record_undone(const std::string& step, std::int64_t now_ms);
  void record_data(const std::string& step, const std::string& key, const std::string& value);
  // What `change` makes of what is known of the target. Written only when it is something else.
  void update(const std::string& service, const std::function<void(TargetState&)>& change);
  void turn_back(std::int64_t unix_ms);  // sticky: rollback has begun
  void halt_at(Until until);             // how far the run goes from now on
  void finish(RunOutcome outcome);

 private:
  Journal(RunFiles files, RunState state);
  static Journal read(const RunFiles& files, const std::filesystem::path& path);
  bool is_worth_keeping(const std::string& text) const;
  StepRecord& record_of(const std::string& step);
  void take_targets_as_begun(StepRecord& record);
  bool record_target_ended(const std::string& step, const std::string& service, StepPhase phase);
  void write();

  using Lock = std::lock_guard<std::recursive_mutex>;

  std::unique_ptr<std::recursive_mutex> mutex_ = std::make_unique<std::recursive_mutex>();
  RunFiles files_;
  RunState state_;
  bool opened_ = true;
  std::string written_;  // what this object wrote last, which needs no proof
  bool may_be_behind_ = false;
};

struct FoundRun {
  std::filesystem::path state_file;
  std::optional<RunState> state;  // nothing when it cannot be read
  std::string problem;
};
// The runs under a state root, newest first.
std::vector<FoundRun> find_runs(const std::filesystem::path& state_root);

}  // namespace pgupgrade::upgrade
