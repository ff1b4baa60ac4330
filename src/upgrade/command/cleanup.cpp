#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/observe/observe.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "upgrade/command/made_files.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_users.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/utility_image.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace fs = std::filesystem;

bool has_kept_dumps(const RunFiles& files) {
  std::error_code ignored;
  return !files.dumps.empty() && fs::exists(files.dumps, ignored);
}

// What of a run's files goes. Kept dumps go after a success: after a rollback they are what the user may go
// on with by hand.
std::vector<fs::path> removable(const Journal& journal) {
  const RunFiles& files = journal.files();
  std::vector<fs::path> paths = made_files(files);
  std::error_code ignored;
  if (!files.backups.empty() && fs::exists(files.backups, ignored)) paths.push_back(files.backups);
  if (journal.state().direction == Direction::forward && has_kept_dumps(files)) paths.push_back(files.dumps);
  return paths;
}

std::string line_of(const Journal& journal, const fs::path& path, std::int64_t bytes) {
  const std::string size = human_bytes(static_cast<std::uint64_t>(bytes));
  if (path != journal.files().dumps) return fmt::format("{} ({})", path.string(), size);
  return fmt::format("{} ({}), the dumps of --keep-dumps with all data and password verifiers", path.string(),
                     size);
}

enum class Act { tell, remove };

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
  // Of a rehearsal nothing is anybody's but its own.
  if (journal.state().outcome != RunOutcome::unfinished || is_rehearsal(journal.state().plan)) return;
  throw Error(ErrorKind::locked, "E-UNFINISHED",
              fmt::format("cannot clean up: run {} is unfinished, and its {} may be the only copy",
                          journal.state().plan.run_id,
                          journal.state().plan.backup == Backup::tar ? "backup" : "old data"),
              "pgupgrade resume, or: pgupgrade rollback");
}

// The place aside, where it is a directory: one that is a volume has the run's label.
std::string directory_beside(World& world, const TargetPlan& target) {
  if (!has_aside(target) || target.aside.mount.kind != MountKind::bind) return {};
  return existing_aside(world, target);
}

class Silent final : public Listener {
 public:
  void step(const StepEvent&) override {}
  void progress(const Progress&) override {}
  void message(const Diagnostic&) override {}
};

std::vector<std::string> users_of_old_directory(World& world, const Plan& plan, const TargetPlan& target) {
  const std::vector<std::string> kept = site_of(plan).kept(world, plan);
  const std::string pgdata = "PGDATA=" + target.old_pgdata;
  std::vector<std::string> names;
  for (const DataUser& user : data_users(world.engine, target.data_mount)) {
    const docker::ContainerInfo& info = user.container;
    const auto& environment = info.environment;
    const bool uses = std::find(environment.begin(), environment.end(), pgdata) != environment.end();
    const bool ours =
        info.labels.contains(kRunLabel) || std::find(kept.begin(), kept.end(), info.name) != kept.end();
    if (uses && !ours) names.push_back(info.name);
  }
  return names;
}

// The old cluster where the new one was made beside it: what an upgrade has left, not what serves again.
void sweep_old_directory(Journal& journal, World& world, const TargetPlan& target, Act act,
                         CleanupReport& report) {
  const bool volume = target.data_mount.kind == MountKind::volume;
  const bool serves_again =
      journal.state().direction == Direction::back || journal.target(target.service).given_up != GivenUp::no;
  if (is_rehearsal(journal.state().plan) || !target.keeps_old || serves_again) return;
  if (volume && !world.engine.inspect_volume(target.data_mount.source)) return;
  if (const auto users = users_of_old_directory(world, journal.state().plan, target); !users.empty()) {
    if (act == Act::tell)
      report.kept.push_back(
          fmt::format("{}: it is the PGDATA of {}", old_directory(target), join(users, ", ")));
    return;
  }
  Silent silent;
  StepContext context{.journal = journal, .world = world, .listener = silent, .step = "cleanup"};
  if (data_version(context, target, utility_image(world, target), target.data_mount, target.old_pgdata) !=
      target.old_major)
    return;
  if (act == Act::tell) {
    report.removed.push_back(
        fmt::format("{}, the old cluster of PostgreSQL {}", old_directory(target), target.old_major));
    return;
  }
  run_work_checked(
      world,
      data_work(context, target, "remove", {"sh", "-c", "rm -rf \"$1\" && sync", "sh", target.old_pgdata}),
      "E-EMPTY", "remove " + old_directory(target));
}

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
  const std::vector<std::string> kept = site_of(plan).kept(world, plan);
  for (const std::string& name : kept)
    report.removed.push_back(fmt::format("container {}, the old one", printable(name)));
  for (const TargetPlan& target : plan.targets) {
    const std::string beside = directory_beside(world, target);
    if (!beside.empty()) report.removed.push_back(beside);
  }
  for (const fs::path& path : removable(journal)) {
    const std::int64_t bytes = size_of(path);
    report.freed_bytes += bytes;
    report.removed.push_back(line_of(journal, path, bytes));
  }
  for (const TargetPlan& target : plan.targets)
    sweep_old_directory(journal, world, target, Act::tell, report);
  if (journal.state().direction == Direction::back && has_kept_dumps(journal.files()))
    report.kept.push_back(
        fmt::format("{}, the dumps of --keep-dumps: remove them when you no longer need them",
                    journal.files().dumps.string()));
  if (act == Act::tell) return report;
  remove_leftover_work(world, plan.run_id);
  remove_dead_observations(world);
  for (const auto& volume : world.engine.list_volumes({{kRunLabel, plan.run_id}}))
    world.engine.remove_volume(volume.name);
  unlock_data(world, plan);
  for (std::size_t index = 0; index < plan.targets.size(); ++index) {
    remove_tree(private_directory(world.socket_root, plan.run_id, index));
  }
  // First the word that there is no backup any more, then the deed: the reverse could promise one that is
  // gone.
  if (journal.state().outcome != RunOutcome::cleaned) journal.finish(RunOutcome::cleaned);
  for (const std::string& name : kept) world.engine.remove_container(name);
  for (const TargetPlan& target : plan.targets)
    sweep_old_directory(journal, world, target, Act::remove, report);
  for (const fs::path& path : removable(journal)) remove_tree(path);
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
