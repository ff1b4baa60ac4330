#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/migrate/plan.hpp"
#include "pgupgrade/model/run_state.hpp"

namespace pgupgrade::migrate {

enum class Phase { waiting, copying, done };

struct DatabaseState {
  std::string name;
  Phase phase = Phase::waiting;
  int attempt = 0;
  bool begun = false;  // something has been changed at the target
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t tables = 0;  // of a done one, as compared
  std::int64_t rows = 0;
  std::int64_t sequences = 0;
  std::vector<std::string> notes;  // what could not be carried over, a line each
  bool operator==(const DatabaseState&) const = default;
};

// A migration's saved state. Holds no secret.
struct State {
  std::int64_t generation = 0;
  RunOutcome outcome = RunOutcome::unfinished;
  std::int64_t created_ms = 0;
  Plan plan;
  std::vector<std::string> created_roles;
  std::vector<DatabaseState> databases;  // as in the plan
  bool operator==(const State&) const = default;
};

inline constexpr const char* kStateFile = "migration.json";  // in the run's directory

// The file's text: a JSON envelope with a digest of the state.
std::string state_text(const State& state);
// Throws Error(usage, "E-STATE-DAMAGED" | "E-STATE-FORMAT") that names the path.
State parse_state(const std::string& text, const std::filesystem::path& path);

// Makes the run's directory (0700) where it is not there, and writes durably, as one generation more.
void save(State& state);
State load(const std::filesystem::path& state_file);

std::filesystem::path directory_of(const Plan& plan);

struct FoundRun {
  std::filesystem::path state_file;
  std::optional<State> state;  // nothing when it cannot be read
  std::string problem;
};
// The migrations under a state root, newest first.
std::vector<FoundRun> find_runs(const std::filesystem::path& state_root);

}  // namespace pgupgrade::migrate
