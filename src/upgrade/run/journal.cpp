#include "pgupgrade/upgrade/run/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/name_text.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

std::optional<RunState> intact_state(const std::optional<std::string>& text, const fs::path& path) {
  if (!text) return std::nullopt;
  try {
    return parse_state(*text, path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The text of a generation beside the one that is opened; what cannot be read is as good as absent.
std::optional<std::string> text_beside(const fs::path& path) {
  try {
    return read_file_if_present(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// A file of another run would have this run's commands act on that one's data, by records that are not of
// what has been done here.
void refuse_foreign(const RunState& state, const RunFiles& files, const fs::path& path) {
  const std::string directory = files.directory.filename().string();
  if (state.plan.run_id != directory) {
    throw Error(ErrorKind::usage, "E-STATE-FOREIGN",
                fmt::format("cannot use the state file {}: it is that of run {}, in the directory of another",
                            path.string(), state.plan.run_id),
                fmt::format("put the state file of {} back into its place", directory));
  }
  std::error_code absent;
  if (!fs::equivalent(state.plan.state_root, files.directory.parent_path(), absent)) {
    throw Error(
        ErrorKind::usage, "E-STATE-FOREIGN",
        fmt::format("cannot use the state file {}: its run was started in {}", path.string(),
                    state.plan.state_root),
        fmt::format("work there; where the directory was moved, move it back to {}", state.plan.state_root));
  }
}

void refuse_older(const RunState& state, const fs::path& path, const RunFiles& files) {
  for (const fs::path& other : {files.state(), files.previous_state()}) {
    const auto newer = intact_state(text_beside(other), other);
    if (!newer || newer->plan.run_id != state.plan.run_id || newer->generation <= state.generation) continue;
    throw Error(
        ErrorKind::refused, "E-STATE-OLD",
        fmt::format("cannot use the state file {}: it is of generation {}, and {} of generation {} is "
                    "intact",
                    path.string(), state.generation, other.string(), newer->generation),
        fmt::format("continue from the newest: pgupgrade resume --state {0}, or: pgupgrade rollback "
                    "--state {0}",
                    shell_word(other.string())));
  }
}

}  // namespace

Journal::Journal(RunFiles files, RunState state) : files_(std::move(files)), state_(std::move(state)) {
  const Plan& plan = state_.plan;
  if (!plan.backup_directory.empty())
    files_.backups = fs::path(plan.backup_directory) / ("pgupgrade-" + plan.run_id);
  if (!plan.dump_directory.empty())
    files_.dumps = fs::path(plan.dump_directory) / ("pgupgrade-" + plan.run_id + "-dumps");
}

Journal Journal::create(const RunFiles& files, RunState state) {
  if (fs::exists(files.directory)) {
    throw Error(
        ErrorKind::usage, "E-STATE-EXISTS",
        fmt::format("cannot start run {}: {} exists already", state.plan.run_id, files.directory.string()));
  }
  create_private_directory(files.directory);
  Journal journal(files, std::move(state));
  journal.opened_ = false;
  journal.write();
  return journal;
}

namespace {

// From the second generation on, the one before is always there. Without it nobody can tell whether this is
// the newest.
void refuse_alone(const RunState& state, const fs::path& path, const RunFiles& files) {
  std::error_code ignored;
  if (state.generation <= 1 || path != files.state() || fs::exists(files.previous_state(), ignored)) return;
  throw Error(
      ErrorKind::refused, "E-STATE-OLD",
      fmt::format("cannot use the state file {}: the generation before it, {}, is gone, so it may be an "
                  "older one",
                  path.string(), files.previous_state().string()),
      fmt::format("put it back; or, when you know that no newer one was written: cp {} {}",
                  shell_word(path.string()), shell_word(files.previous_state().string())));
}

}  // namespace

Journal Journal::read(const RunFiles& files, const fs::path& path) {
  const std::string text = read_file(path);
  Journal journal(files, parse_state(text, path));
  refuse_foreign(journal.state_, files, path);
  refuse_older(journal.state_, path, files);
  refuse_alone(journal.state_, path, files);
  // A crash between the two writes of a record leaves two of the same generation, as does a hand that puts
  // the one before into the newest's place.
  journal.may_be_behind_ = path != files.state() || text_beside(files.previous_state()) == text;
  return journal;
}

Journal Journal::open(const RunFiles& files) {
  try {
    return read(files, files.state());
  } catch (Error& error) {
    if (error.is("E-STATE-FOREIGN") || error.is("E-STATE-OLD")) throw;
    std::string hint = "nothing was changed by this command";
    try {
      const auto previous = read_file_if_present(files.previous_state());
      if (previous) {
        parse_state(*previous, files.previous_state());
        hint =
            fmt::format("the generation before is intact; to continue from it: pgupgrade resume --state {}",
                        shell_word(files.previous_state().string()));
      }
    } catch (const Error&) {
      hint = fmt::format("the generation before ({}) is damaged too; the backup is in {}",
                         files.previous_state().string(), files.backup_directory().string());
    }
    error.set_hint(hint);
    throw;
  }
}

Journal Journal::open_file(const fs::path& state_file) {
  const fs::path path = fs::absolute(state_file);
  const RunFiles files{.directory = path.parent_path()};
  return path == files.state() ? open(files) : read(files, path);
}

const StepRecord* Journal::find(const std::string& step) const {
  const auto found = std::find_if(state_.steps.begin(), state_.steps.end(),
                                  [&](const StepRecord& record) { return record.step == step; });
  return found == state_.steps.end() ? nullptr : &*found;
}

const TargetRecord* Journal::find(const std::string& step, const std::string& service) const {
  const Lock lock(*mutex_);
  const StepRecord* record = find(step);
  if (record == nullptr) return nullptr;
  const auto found = record->targets.find(service);
  return found == record->targets.end() ? nullptr : &found->second;
}

int Journal::attempt(const std::string& step, const std::string& service) const {
  const Lock lock(*mutex_);
  const StepRecord* record = find(step);
  if (record == nullptr) return 0;
  if (record->targets.empty()) return record->attempt;
  const TargetRecord* target = find(step, service);
  return target == nullptr ? 0 : target->attempt;
}

bool Journal::may_be_begun(const std::string& step, const std::string& service) const {
  return attempt(step, service) > 0 || (may_be_behind_ && find(step) != nullptr);
}

std::string Journal::datum(const std::string& step, const std::string& key) const {
  const Lock lock(*mutex_);
  const StepRecord* record = find(step);
  if (record == nullptr) return {};
  const auto found = record->data.find(key);
  return found == record->data.end() ? std::string() : found->second;
}

const TargetState& Journal::target(const std::string& service) const {
  const Lock lock(*mutex_);
  static const TargetState nothing;
  const auto found = state_.targets.find(service);
  return found == state_.targets.end() ? nothing : found->second;
}

std::vector<const TargetPlan*> Journal::targets_kept() const {
  const Lock lock(*mutex_);
  std::vector<const TargetPlan*> kept;
  for (const TargetPlan& plan : state_.plan.targets)
    if (target(plan.service).given_up == GivenUp::no) kept.push_back(&plan);
  return kept;
}

std::vector<const TargetPlan*> Journal::targets_not_back() const {
  const Lock lock(*mutex_);
  std::vector<const TargetPlan*> left;
  for (const TargetPlan& plan : state_.plan.targets)
    if (target(plan.service).given_up != GivenUp::back) left.push_back(&plan);
  return left;
}

bool Journal::give_up(const std::string& service, const std::string& failure) {
  const Lock lock(*mutex_);
  const auto kept = targets_kept();
  if (std::all_of(kept.begin(), kept.end(), [&](const TargetPlan* plan) { return plan->service == service; }))
    return false;
  update(service, [&](TargetState& state) {
    state.given_up = GivenUp::going_back;
    state.failure = failure;
  });
  return true;
}

void Journal::update(const std::string& service, const std::function<void(TargetState&)>& change) {
  const Lock lock(*mutex_);
  TargetState changed = target(service);
  change(changed);
  if (changed == target(service)) return;
  state_.targets[service] = std::move(changed);
  write();
}

StepRecord& Journal::record_of(const std::string& step) {
  const auto found = std::find_if(state_.steps.begin(), state_.steps.end(),
                                  [&](const StepRecord& record) { return record.step == step; });
  if (found == state_.steps.end()) {
    throw Error(ErrorKind::internal, "E-INTERNAL",
                fmt::format("step \"{}\" has no record in the journal", step));
  }
  return *found;
}

void Journal::record_started(const std::string& step, std::int64_t now_ms) {
  if (find(step) == nullptr) {
    state_.steps.push_back({.step = step, .phase = StepPhase::started, .attempt = 1, .started_ms = now_ms});
  } else {
    StepRecord& record = record_of(step);
    record.phase = StepPhase::started;
    record.attempt += 1;
    record.ended_ms = 0;
  }
  write();
}

void Journal::record_done(const std::string& step, std::int64_t now_ms) {
  StepRecord& record = record_of(step);
  record.phase = StepPhase::done;
  record.ended_ms = now_ms;
  write();
}

// What a program that kept no records of targets has begun, it may have begun for all of them.
void Journal::take_targets_as_begun(StepRecord& record) {
  if (!record.targets.empty()) return;
  for (const TargetPlan& target : state_.plan.targets)
    record.targets[target.service] = {.phase = StepPhase::started,
                                      .attempt = std::max(1, record.attempt - 1)};
}

bool Journal::record_target_started(const std::string& step, const std::string& service) {
  const Lock lock(*mutex_);
  if (state_.plan.targets.size() == 1) return false;
  StepRecord& record = record_of(step);
  if (record.attempt > 1) take_targets_as_begun(record);
  const auto [target, is_new] = record.targets.try_emplace(service);
  target->second.phase = StepPhase::started;
  if (!is_new) target->second.attempt += 1;
  write();
  return true;
}

bool Journal::record_target_done(const std::string& step, const std::string& service) {
  return record_target_ended(step, service, StepPhase::done);
}

bool Journal::record_target_undone(const std::string& step, const std::string& service) {
  return record_target_ended(step, service, StepPhase::undone);
}

bool Journal::record_target_ended(const std::string& step, const std::string& service, StepPhase phase) {
  const Lock lock(*mutex_);
  StepRecord& record = record_of(step);
  const auto& targets = state_.plan.targets;
  const bool is_last = std::all_of(targets.begin(), targets.end(), [&](const TargetPlan& target) {
    const TargetRecord* other = find(step, target.service);
    const GivenUp given_up = this->target(target.service).given_up;
    const bool is_left_out = phase == StepPhase::done ? given_up != GivenUp::no : given_up == GivenUp::back;
    return target.service == service || is_left_out || (other != nullptr && other->phase == phase);
  });
  if (is_last) return false;
  take_targets_as_begun(record);
  record.targets[service].phase = phase;
  write();
  return true;
}

void Journal::reopen(const std::vector<std::string>& steps, const std::vector<std::string>& services) {
  for (StepRecord& record : state_.steps) {
    if (std::find(steps.begin(), steps.end(), record.step) == steps.end()) continue;
    const bool was_done = record.phase == StepPhase::done;
    record.phase = StepPhase::started;
    record.ended_ms = 0;
    if (record.targets.empty()) {
      record.data.clear();
      continue;
    }
    // The last one's end stands in the step's record, which is taken back here.
    if (was_done)
      for (auto& [service, target] : record.targets) target.phase = StepPhase::done;
    for (const std::string& service : services) {
      std::erase_if(record.data, [&](const auto& note) { return note.first.starts_with(service + "."); });
      if (const auto target = record.targets.find(service); target != record.targets.end())
        target->second.phase = StepPhase::started;
    }
  }
  write();
}

void Journal::record_undo_started(const std::string& step, std::int64_t) {
  record_of(step).phase = StepPhase::undo_started;
  write();
}

void Journal::record_undone(const std::string& step, std::int64_t now_ms) {
  StepRecord& record = record_of(step);
  record.phase = StepPhase::undone;
  record.ended_ms = now_ms;
  write();
}

void Journal::record_data(const std::string& step, const std::string& key, const std::string& value) {
  const Lock lock(*mutex_);
  StepRecord& record = record_of(step);
  const auto found = record.data.find(key);
  if (found != record.data.end() && found->second == value) return;
  record.data[key] = value;
  write();
}

void Journal::turn_back(std::int64_t unix_ms) {
  if (state_.direction == Direction::back) return;
  state_.turned_back_ms = unix_ms;
  state_.direction = Direction::back;
  state_.outcome = RunOutcome::unfinished;
  write();
}

void Journal::halt_at(Until until) {
  if (state_.until == until) return;
  state_.until = until;
  write();
}

void Journal::finish(RunOutcome outcome) {
  state_.outcome = outcome;
  write();
}

// Neither a damaged one nor an older one that was put there may take the place of the intact generation that
// the user goes on from.
bool Journal::is_worth_keeping(const std::string& text) const {
  if (text == written_) return true;
  const auto state = intact_state(text, files_.state());
  return state && state->plan.run_id == state_.plan.run_id && state->generation + 1 >= state_.generation;
}

// The generation before is written from memory of the file, not renamed away: at no instant is there no
// state.json.
void Journal::write() {
  state_.generation += 1;
  if (const auto current = read_file_if_present(files_.state()); current && is_worth_keeping(*current)) {
    write_file_durably(files_.previous_state(), *current);
  }
  written_ = state_text(state_);
  write_file_durably(files_.state(), written_);
}

}  // namespace pgupgrade::upgrade
