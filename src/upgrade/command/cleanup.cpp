#include <fmt/format.h>

#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace fs = std::filesystem;

// What of a run's directory goes: all but the state and the log, which are small and tell what was done.
std::vector<fs::path> removable(const RunFiles& files) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(files.directory, ignored)) {
    const auto name = entry.path().filename();
    if (name == "state.json" || name == "state.json.previous" || name == "run.log") continue;
    paths.push_back(entry.path());
  }
  if (!files.backups.empty() && fs::exists(files.backups, ignored)) paths.push_back(files.backups);
  return paths;
}

std::int64_t size_of(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return static_cast<std::int64_t>(fs::file_size(path, ignored));
  std::int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) bytes += static_cast<std::int64_t>(entry.file_size(ignored));
  }
  return bytes;
}

void refuse_unfinished(const Journal& journal) {
  if (journal.state().outcome != RunOutcome::unfinished) return;
  throw Error(ErrorKind::locked, "E-UNFINISHED",
              fmt::format("cannot clean up: run {} is unfinished, and its backup may be the only copy",
                          journal.state().plan.run_id),
              "pgupgrade resume, or: pgupgrade rollback");
}

// The place aside, where it is a directory: one that is a volume has the run's label.
std::string directory_beside(World& world, const TargetPlan& target) {
  if (!has_aside(target) || target.aside.mount.kind != MountKind::bind) return {};
  return existing_aside(world, target);
}

enum class Act { tell, remove };

CleanupReport sweep(const fs::path& state_file, World& world, Act act) {
  Journal journal = Journal::open_file(state_file);
  const Plan plan = journal.state().plan;
  std::optional<FileLock> lock;
  if (act == Act::remove) {
    lock = lock_state_root(plan.state_root, describe_holder(plan), world.clock);
    journal = Journal::open_file(state_file);  // what was read before the lock may be the past
  }
  refuse_unfinished(journal);
  CleanupReport report;
  for (const std::string& line : leftovers(plan.run_id, world)) report.removed.push_back(line);
  for (const TargetPlan& target : plan.targets) {
    const std::string beside = directory_beside(world, target);
    if (!beside.empty()) report.removed.push_back(beside);
  }
  for (const fs::path& path : removable(journal.files())) {
    report.freed_bytes += size_of(path);
    report.removed.push_back(
        fmt::format("{} ({})", path.string(), human_bytes(static_cast<std::uint64_t>(size_of(path)))));
  }
  if (act == Act::tell) return report;
  remove_leftover_work(world, plan.run_id);
  for (const auto& volume : world.engine.list_volumes({{kRunLabel, plan.run_id}}))
    world.engine.remove_volume(volume.name);
  unlock_data(world, plan);
  for (std::size_t index = 0; index < plan.targets.size(); ++index) {
    remove_tree(private_directory(world.socket_root, plan.run_id, index));
  }
  // First the word that there is no backup any more, then the deed: the reverse could promise one that is
  // gone.
  if (journal.state().outcome != RunOutcome::cleaned) journal.finish(RunOutcome::cleaned);
  for (const fs::path& path : removable(journal.files())) remove_tree(path);
  for (const TargetPlan& target : plan.targets)
    if (!directory_beside(world, target).empty()) remove_aside(world, plan, target);
  return report;
}

}  // namespace

CleanupReport plan_cleanup(const fs::path& state_file, World& world) {
  return sweep(state_file, world, Act::tell);
}
CleanupReport clean_up(const fs::path& state_file, World& world) {
  return sweep(state_file, world, Act::remove);
}

std::vector<std::string> leftovers(const std::string& run_id, World& world) {
  std::vector<std::string> lines;
  for (const auto& container : world.engine.list_containers({.labels = {{kRunLabel, run_id}}})) {
    lines.push_back(fmt::format("container {} ({})", container.name, container.state));
  }
  for (const auto& volume : world.engine.list_volumes({{kRunLabel, run_id}})) {
    lines.push_back("volume " + volume.name);
  }
  return lines;
}

}  // namespace pgupgrade::upgrade
