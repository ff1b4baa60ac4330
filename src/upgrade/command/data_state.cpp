#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

bool begun(const RunState& state, const std::string& step) {
  return std::any_of(state.steps.begin(), state.steps.end(), [&](const StepRecord& record) {
    return record.step == step && record.phase != StepPhase::undone;
  });
}

bool done(const RunState& state, const std::string& step) {
  return std::any_of(state.steps.begin(), state.steps.end(), [&](const StepRecord& record) {
    return record.step == step && record.phase == StepPhase::done;
  });
}

// Whether the record of a step that is not undone says so for any target.
bool says(const RunState& state, const std::string& key) {
  const auto tells = [&](const std::pair<const std::string, std::string>& datum) {
    return datum.first.ends_with("." + key) && datum.second == "yes";
  };
  return std::any_of(state.steps.begin(), state.steps.end(), [&](const StepRecord& record) {
    return record.phase != StepPhase::undone && std::any_of(record.data.begin(), record.data.end(), tells);
  });
}

bool backup_is_damaged(const RunState& state) {
  return says(state, kBackupDamaged);
}

std::string old_versions(const Plan& plan) {
  std::vector<std::string> versions;
  for (const TargetPlan& target : plan.targets) {
    versions.push_back("PostgreSQL " + std::to_string(target.old_major));
  }
  return join(versions, ", ");
}

std::string applications(const RunState& state) {
  if (!begun(state, "freeze")) return "the applications run";
  if (done(state, "thaw")) return "the applications run";
  return "the applications are stopped";
}

}  // namespace

std::string data_state(const RunState& state) {
  const std::string old = old_versions(state.plan);
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return backup_is_damaged(state) ? "upgraded and verified; the backup of the old data is damaged"
                                      : "upgraded and verified; the old data is in the backup";
    case RunOutcome::rolled_back:
      return fmt::format("as before the run, {}", old);
    case RunOutcome::cleaned:
      return state.direction == Direction::back
                 ? fmt::format("as before the run, {}; the backup was removed", old)
                 : "upgraded and verified; the backup of the old data was removed";
    case RunOutcome::unfinished:
      break;
  }
  if (!begun(state, "stop-old")) return fmt::format("untouched, still {}; {}", old, applications(state));
  if (!says(state, kEmptying) && !begun(state, "start-new")) {
    return fmt::format("untouched, still {}; the server and the applications are stopped", old);
  }
  if (done(state, "verify")) {
    return fmt::format("upgraded and verified, the old data ({}) is in the verified {}; {}", old,
                       backup_is_damaged(state) ? "dump, its backup is damaged" : "backup",
                       applications(state));
  }
  return fmt::format(
      "the old data ({}) is in the verified {}; the new cluster is not complete; {}", old,
      backup_is_damaged(state) ? "dump, its backup is damaged" : "backup and the verified dump",
      applications(state));
}

std::vector<std::string> next_commands(const RunState& state, const std::filesystem::path& state_file) {
  const std::string suffix = " --state " + shell_word(state_file.string());
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return {"pgupgrade cleanup" + suffix, "pgupgrade rollback --discard-new-writes" + suffix};
    case RunOutcome::rolled_back:
      return {"pgupgrade cleanup" + suffix};
    case RunOutcome::cleaned:
      return {};
    case RunOutcome::unfinished:
      break;
  }
  if (state.direction == Direction::back) return {"pgupgrade rollback" + suffix};
  const bool served = std::any_of(state.steps.begin(), state.steps.end(), [](const StepRecord& record) {
    return (record.step == "start" && record.phase == StepPhase::done) || record.step == "thaw";
  });
  return {"pgupgrade resume" + suffix,
          (served ? "pgupgrade rollback --discard-new-writes" : "pgupgrade rollback") + suffix};
}

}  // namespace pgupgrade::upgrade
