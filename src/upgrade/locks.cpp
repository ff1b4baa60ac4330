#include "upgrade/locks.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/upgrade/commands.hpp"
#include "upgrade/names.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown-host";
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

[[noreturn]] void refuse(const std::string& what, const std::string& holder, const std::string& run) {
  throw Error(ErrorKind::locked, "E-LOCKED", fmt::format("cannot work on {}: {} holds it", what, holder),
              run.empty()
                  ? "wait for it to end"
                  : fmt::format("wait for run {} to end, or, when it is dead: pgupgrade resume, rollback or "
                                "unlock where it was started",
                                run));
}

std::string label(const std::map<std::string, std::string>& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

// Whether the lock is there and is the run's own; another's is refused.
bool is_locked_by(World& world, const Mount& data, const std::string& own_run) {
  const auto existing = world.engine.inspect_container(lock_container_name(data));
  if (!existing) return false;
  const std::string run = label(existing->labels, kLockLabel);
  if (run == own_run) return true;
  refuse(data_name(data), label(existing->labels, kHolderLabel), run);
}

}  // namespace

void refuse_locked_data(World& world, const Mount& data) {
  is_locked_by(world, data, "a run not begun");
}

FileLock lock_state_root(const std::filesystem::path& state_root, const std::string& holder) {
  create_private_directory(state_root);
  auto lock = FileLock::try_acquire(state_root / "lock");
  const auto note = state_root / "lock.holder";
  if (!lock) {
    refuse(state_root.string(), read_file_if_present(note).value_or("another process"), {});
  }
  write_file_durably(note, holder);
  return std::move(*lock);
}

void lock_data(World& world, const Plan& plan, const std::string& holder) {
  for (const TargetPlan& target : plan.targets) {
    const std::string name = lock_container_name(target.data_mount);
    docker::ContainerSpec spec;
    spec.name = name;
    spec.image = target.old_image_id;
    spec.entrypoint = {"true"};
    spec.labels = {{kLockLabel, plan.run_id},
                   {kRunLabel, plan.run_id},
                   {kHolderLabel, holder},
                   {kDataLabel, data_name(target.data_mount)}};
    // The second try is for a lock that was released between our two calls.
    for (int attempt = 0;; ++attempt) {
      if (is_locked_by(world, target.data_mount, plan.run_id)) break;
      try {
        world.engine.create_container(spec);
        break;
      } catch (const Error& error) {
        if (error.code() != "E-ENGINE-CONFLICT" || attempt == 3) throw;
      }
    }
  }
}

void unlock_data(World& world, const Plan& plan) {
  for (const TargetPlan& target : plan.targets) {
    const auto existing = world.engine.inspect_container(lock_container_name(target.data_mount));
    if (existing && label(existing->labels, kLockLabel) == plan.run_id) {
      world.engine.remove_container(existing->id);
    }
  }
}

std::string describe_holder(const Plan& plan) {
  return fmt::format("{}@{}, process {}, {}", user_name(), host_name(), ::getpid(),
                     plan.location.files.empty() ? plan.project : plan.location.files.front().string());
}

std::vector<HeldLock> find_locks(World& world) {
  std::vector<HeldLock> locks;
  for (const auto& container : world.engine.list_containers({.labels = {{kLockLabel, ""}}})) {
    locks.push_back({.container = container.name,
                     .run_id = label(container.labels, kLockLabel),
                     .holder = label(container.labels, kHolderLabel),
                     .data = label(container.labels, kDataLabel)});
  }
  return locks;
}

void release_lock(const HeldLock& lock, World& world) {
  // Only a process of this very host can be asked whether it lives.
  const std::string marker = "@" + host_name() + ", process ";
  if (const auto at = lock.holder.find(marker); at != std::string::npos) {
    pid_t process = 0;
    const char* digits = lock.holder.data() + at + marker.size();
    std::from_chars(digits, lock.holder.data() + lock.holder.size(), process);
    // A process of another user answers that it may not be signalled: then it lives.
    if (process > 0 && process != ::getpid() && (::kill(process, 0) == 0 || errno == EPERM)) {
      throw Error(ErrorKind::refused, "E-LOCK-ALIVE",
                  fmt::format("cannot release the lock on {}: {} still runs", lock.data, lock.holder),
                  fmt::format("end process {} first", process));
    }
  }
  world.engine.remove_container(lock.container);
}

}  // namespace pgupgrade::upgrade
