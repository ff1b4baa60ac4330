#include "upgrade/data/locks.hpp"
#include "upgrade/data/aside.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/wait.hpp"
#include "pgupgrade/upgrade/data/held_locks.hpp"
#include "upgrade/data/volume_identity.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/process_name.hpp"
#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr Patience kPatience{.most = std::chrono::seconds(10),
                             .between_looks = std::chrono::milliseconds(50)};

std::filesystem::path note_of(const std::filesystem::path& state_root) {
  return state_root / "lock.holder";
}

std::filesystem::path lock_of(const std::filesystem::path& state_root) {
  return state_root / "lock";
}

[[noreturn]] void refuse(const std::string& what, const std::string& holder, const std::string& run) {
  throw Error(
      ErrorKind::locked, "E-LOCKED", fmt::format("{} is in use by {}", what, holder),
      run.empty()
          ? "wait for it to finish"
          : fmt::format("wait for run {} to finish, or, when it is dead: pgupgrade resume, rollback or "
                        "unlock where it was started",
                        run));
}

std::string label(const std::map<std::string, std::string>& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

// Who works on a locked run now: after its first process has died, the one that resumes it or rolls it back.
std::string holder_now(const std::map<std::string, std::string>& labels) {
  const std::filesystem::path root = label(labels, kStateRootLabel);
  const auto note = root.is_absolute() ? read_file_if_present(note_of(root)) : std::nullopt;
  return note && life_of(*note) == Life::lives ? *note : label(labels, kHolderLabel);
}

// A lock is on a volume, not on its name: one that was made anew since has none.
bool is_of_earlier_volume(World& world, const Mount& data, const std::map<std::string, std::string>& labels) {
  const std::string locked = label(labels, kVolumeLabel);
  return !locked.empty() && locked != volume_created_at(world, data);
}

[[noreturn]] void refuse_dead(const Mount& data, const std::map<std::string, std::string>& labels,
                              const std::string& run) {
  const std::filesystem::path state =
      std::filesystem::path(label(labels, kStateRootLabel)) / run / "state.json";
  std::error_code ignored;
  const bool known = state.is_absolute() && std::filesystem::exists(state, ignored);
  const std::string of_run = known ? fmt::format(" --state {}", shell_word(state.string())) : "";
  throw Error(ErrorKind::locked, "E-LOCKED",
              fmt::format("{} is locked by run {}, whose process does not run any more ({})", data_name(data),
                          run, label(labels, kHolderLabel)),
              known ? fmt::format("pgupgrade resume{0}, or: pgupgrade rollback{0}", of_run)
                    : "its state file is gone; when nobody works on it, release the lock: pgupgrade unlock");
}

enum class Outdated { leave, remove };

// Whether the lock is there and is the run's own; another's is refused.
bool is_locked_by(World& world, const Mount& data, const std::string& own_run, Outdated outdated) {
  const auto existing = world.engine.inspect_container(lock_container_name(data));
  if (!existing) return false;
  const std::string run = label(existing->labels, kLockLabel);
  if (run == own_run) return true;
  if (is_of_earlier_volume(world, data, existing->labels)) {
    if (outdated == Outdated::remove) world.engine.remove_container(existing->id);
    return false;
  }
  const std::string holder = holder_now(existing->labels);
  if (life_of(holder) == Life::gone) refuse_dead(data, existing->labels, run);
  refuse(data_name(data), holder, run);
}

// A holder that has just come has not left its note yet; then there is none, or that of one who is gone.
FileLock acquire_state_root(const std::filesystem::path& state_root, Clock& clock) {
  std::optional<FileLock> lock;
  const bool acquired = wait_until(clock, Cancellation(), kPatience, [&] {
    if ((lock = FileLock::try_acquire(lock_of(state_root)))) return true;
    const auto note = read_file_if_present(note_of(state_root));
    if (note && life_of(*note) != Life::gone) refuse(state_root.string(), *note, {});
    return false;
  });
  if (!acquired) refuse(state_root.string(), "another process", {});
  return std::move(*lock);
}

}  // namespace

void refuse_locked_data(World& world, const Mount& data) {
  is_locked_by(world, data, "a run not started", Outdated::leave);
}

namespace {

// By default it lies in the project's own directory.
void keep_out_of_repositories(const std::filesystem::path& state_root) {
  std::error_code ignored;
  const auto file = state_root / ".gitignore";
  if (state_root.filename() == ".pgupgrade" && !std::filesystem::exists(file, ignored))
    write_file_durably(file, "*\n");
}

}  // namespace

FileLock lock_state_root(const std::filesystem::path& state_root, const std::string& holder, Clock& clock) {
  create_private_directory(state_root);
  keep_out_of_repositories(state_root);
  FileLock lock = acquire_state_root(state_root, clock);
  write_file_durably(note_of(state_root), holder);
  return lock;
}

void refuse_held_state_root(const std::filesystem::path& state_root, Clock& clock) {
  std::error_code ignored;
  if (std::filesystem::exists(lock_of(state_root), ignored)) acquire_state_root(state_root, clock);
}

namespace {

// False when the name is taken.
bool create_lock(World& world, const docker::ContainerSpec& spec) {
  try {
    world.engine.create_container(spec);
    return true;
  } catch (const Error& error) {
    if (!error.is("E-ENGINE-CONFLICT")) throw;
    return false;
  }
}

void lock_target(World& world, const Plan& plan, const TargetPlan& target, const std::string& holder) {
  const std::string name = lock_container_name(target.data_mount);
  docker::ContainerSpec spec;
  spec.name = name;
  spec.image = utility_image(world, target);
  spec.entrypoint = {"true"};
  spec.labels = {
      {kLockLabel, plan.run_id},
      {kRunLabel, plan.run_id},
      {kHolderLabel, holder},
      {kDataLabel, data_name(target.data_mount)},
      // An exchange of places changes when a volume seems to have been made.
      {kVolumeLabel, has_aside(target) ? std::string() : volume_created_at(world, target.data_mount)},
      {kStateRootLabel, plan.state_root}};
  // It may be released between our two calls; and the engine gives a name away before it shows what has it.
  const bool locked = wait_until(world.clock, world.cancellation, kPatience, [&] {
    return is_locked_by(world, target.data_mount, plan.run_id, Outdated::remove) || create_lock(world, spec);
  });
  if (!locked) refuse(data_name(target.data_mount), "another run that is starting", {});
}

}  // namespace

void lock_data(World& world, const Plan& plan, const std::string& holder) {
  side_by_side(plan.targets.size(), world.at_once,
               [&](std::size_t index) { lock_target(world, plan, plan.targets[index], holder); });
}

void unlock_data(World& world, const Plan& plan) {
  side_by_side(plan.targets.size(), world.at_once, [&](std::size_t index) {
    const auto existing = world.engine.inspect_container(lock_container_name(plan.targets[index].data_mount));
    if (existing && label(existing->labels, kLockLabel) == plan.run_id)
      world.engine.remove_container(existing->id);
  });
}

std::string describe_holder(const Plan& plan) {
  return fmt::format("{}, {}", this_process(),
                     plan.location.files.empty() ? plan.project : plan.location.files.front().string());
}

std::vector<HeldLock> find_locks(World& world) {
  std::vector<HeldLock> locks;
  for (const auto& container : world.engine.list_containers({.labels = {{kLockLabel, ""}}})) {
    locks.push_back({.container = container.name,
                     .id = container.id,
                     .run_id = label(container.labels, kLockLabel),
                     .holder = label(container.labels, kHolderLabel),
                     .data = label(container.labels, kDataLabel),
                     .state_root = label(container.labels, kStateRootLabel)});
  }
  return locks;
}

namespace {

[[noreturn]] void refuse_release(const HeldLock& lock, const std::string& holder) {
  throw Error(ErrorKind::refused, "E-LOCK-ALIVE",
              fmt::format("cannot release the lock on {}: {} still runs", lock.data, holder),
              "wait for it to end, or end that process first");
}

// Whoever works on the run now, though another began it, works in its state root. Held until the lock is
// released, so that nobody begins to meanwhile.
std::optional<FileLock> hold_state_root(const HeldLock& lock) {
  std::error_code ignored;
  const std::filesystem::path root = lock.state_root;
  const bool here = is_of_this_host(lock.holder);
  if (!here || !root.is_absolute() || !std::filesystem::is_directory(root, ignored)) return std::nullopt;
  auto held = FileLock::try_acquire(lock_of(root));
  if (!held)
    refuse_release(lock, read_file_if_present(note_of(root)).value_or("a process in " + root.string()));
  return held;
}

}  // namespace

void release_lock(const HeldLock& lock, World& world) {
  if (life_of(lock.holder) == Life::lives) refuse_release(lock, lock.holder);
  const auto held = hold_state_root(lock);
  // By its id: one of the same name may be another's by now.
  world.engine.remove_container(lock.id);
}

}  // namespace pgupgrade::upgrade
