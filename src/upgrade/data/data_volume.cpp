#include "upgrade/data/data_volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/data_users.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {
namespace {

bool is_in(const std::string& path, const std::string& directory) {
  return directory == "." || path == directory || path.starts_with(directory + "/");
}

// What is in the old data directory, or in the new one that was made beside it, and no file of somebody
// else's in the same mount.
class OwnPaths {
 public:
  explicit OwnPaths(const TargetPlan& target)
      : old_(within(target.data_mount.target, target.old_pgdata)),
        fresh_(within(target.new_data_target, target.new_pgdata)) {}

  bool has(const std::string& path) const {
    return is_in(path, old_) || is_in(path, fresh_) || fresh_.starts_with(path + "/");
  }
  bool is_fresh_beside(const std::string& path) const { return has(path) && !is_in(path, old_); }

 private:
  std::string old_, fresh_;
};

// Without what somebody has put beside the data since the backup.
std::vector<backup::Entry> own_entries(const TargetPlan& target, std::vector<backup::Entry> now,
                                       const backup::Manifest& manifest) {
  std::set<std::string> saved;
  for (const auto& entry : manifest.entries) saved.insert(entry.path);
  const OwnPaths own(target);
  std::erase_if(
      now, [&](const backup::Entry& entry) { return !own.has(entry.path) && !saved.contains(entry.path); });
  return now;
}

// Removes what the backup does not have. Whole trees are emptied rather than single files named on a command
// line: the archive holds it all.
void remove_extra(StepContext& context, const TargetPlan& target, const std::vector<backup::Entry>& now,
                  const backup::Manifest& manifest) {
  std::map<std::string, backup::Entry::Kind> wanted;
  for (const auto& entry : manifest.entries) wanted.emplace(entry.path, entry.kind);
  const OwnPaths own(target);
  bool extra = false;
  std::string beside;  // the new directory, or the first above it that we made
  for (const auto& entry : now) {
    const auto found = wanted.find(entry.path);
    if (found != wanted.end() && found->second == entry.kind) continue;
    if (!own.is_fresh_beside(entry.path))
      extra = true;
    else if (beside.empty() || beside.starts_with(entry.path + "/"))
      beside = entry.path;
  }
  if (extra) empty_directory(context, target, target.old_pgdata);
  if (beside.empty()) return;
  run_work_checked(
      context.world,
      data_work(context, target, "remove",
                {"sh", "-c", "rm -rf \"$1\" && sync", "sh", target.data_mount.target + "/" + beside}),
      "E-EMPTY", fmt::format("remove {} of {}", beside, data_name(target.data_mount)));
}

std::string unfinished_text(const StepContext& context) {
  return fmt::format(
      "pgupgrade (run {}) has emptied this directory and has not come to its end: pgupgrade status",
      context.plan().run_id);
}

// The archive call leaves owner, mode and time of the directory that it extracts into as they are, and does
// not sync.
void finish_root(StepContext& context, const TargetPlan& target, const backup::Manifest& manifest) {
  std::string owner;
  std::string mode;
  std::string time;
  for (const auto& entry : manifest.entries) {
    if (entry.path != ".") continue;
    owner = fmt::format("{}:{}", entry.uid, entry.gid);
    mode = fmt::format("{:o}", entry.mode);
    time = fmt::format("@{}", entry.mtime);
  }
  // Removing a file gives its directory another time.
  const std::string script =
      "if [ -e \"$5/$6\" ]; then t=$(stat -c %Y \"$5\") && rm \"$5/$6\" && touch -d \"@$t\" \"$5\"; fi && "
      "[ -z \"$2\" ] || { chown \"$2\" \"$1\" && chmod \"$3\" \"$1\" && touch -d \"$4\" \"$1\"; } && sync";
  run_work_checked(context.world,
                   data_work(context, target, "root",
                             {"sh", "-c", script, "sh", target.data_mount.target, owner, mode, time,
                              target.old_pgdata, kUnfinishedMark}),
                   "E-SYNC", "sync " + data_name(target.data_mount));
}

}  // namespace

std::string within(const std::string& mount_target, const std::string& path) {
  return path == mount_target ? "." : path.substr(mount_target.size() + 1);
}

WorkSpec data_work(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                   std::vector<std::string> argv) {
  return {.run = context.plan().run_id,
          .service = target.service,
          .purpose = purpose,
          .image = utility_image(context.world, target),
          .argv = std::move(argv),
          .mounts = {target.data_mount}};
}

namespace {

std::vector<backup::Entry> list_by(StepContext& context, const TargetPlan& target,
                                   std::vector<std::string> command) {
  WorkSpec spec = data_work(context, target, "listing", std::move(command));
  spec.mounts[0].read_only = true;
  spec.last_line = "== end";
  const auto result =
      run_work_checked(context.world, spec, "E-LISTING", "list " + data_name(target.data_mount));
  return backup::parse_listing(result.standard_output);
}

}  // namespace

std::vector<backup::Entry> list_data(StepContext& context, const TargetPlan& target) {
  return list_by(context, target, backup::listing_command(target.data_mount.target));
}

std::vector<backup::Entry> list_configuration(StepContext& context, const TargetPlan& target) {
  const std::string& mount = target.data_mount.target;
  return list_by(context, target,
                 backup::listing_command_without_data(mount, within(mount, target.old_pgdata)));
}

void empty_directory(StepContext& context, const TargetPlan& target, const std::string& directory) {
  // Where PG_VERSION is, nothing has been removed. Where the disk is full and another writer takes what is
  // freed, an empty mark will do.
  const std::string script =
      "[ ! -d \"$1\" ] || { rm -f \"$2/PG_VERSION\" && sync && find \"$1\" -mindepth 1 -delete && mkdir -p "
      "\"$2\" && "
      "{ echo \"$4\" >\"$2/$3\" || [ -e \"$2/$3\" ]; } && "
      "[ -z \"$(find \"$1\" -mindepth 1 ! -path \"$2\" ! -path \"$2/$3\")\" ] && sync; }";
  const auto spec = data_work(
      context, target, "empty",
      {"sh", "-c", script, "sh", directory, target.old_pgdata, kUnfinishedMark, unfinished_text(context)});
  run_work_checked(context.world, spec, "E-EMPTY",
                   fmt::format("empty {} of {}", directory, data_name(target.data_mount)));
}

void mark_when_empty(StepContext& context, const TargetPlan& target) {
  const std::string script =
      "[ ! -d \"$1\" ] || [ -n \"$(ls -A \"$1\")\" ] || echo \"$3\" >\"$1/$2\" || [ -e \"$1/$2\" ]";
  const auto spec =
      data_work(context, target, "mark",
                {"sh", "-c", script, "sh", target.old_pgdata, kUnfinishedMark, unfinished_text(context)});
  run_work_checked(context.world, spec, "E-EMPTY",
                   fmt::format("mark {} of {}", target.old_pgdata, data_name(target.data_mount)));
}

bool is_empty_or_absent(StepContext& context, const TargetPlan& target, const std::string& directory) {
  const std::string script = "[ ! -d \"$1\" ] || find \"$1\" -mindepth 1 -maxdepth 1; echo end";
  auto spec = data_work(context, target, "look", {"sh", "-c", script, "sh", directory});
  spec.last_line = "end";
  const auto result =
      run_work_checked(context.world, spec, "E-LISTING", "list " + data_name(target.data_mount));
  const auto lines = split_lines(result.standard_output);
  if (lines.empty() || lines.back() != "end") {
    throw Error(ErrorKind::failed, "E-LISTING-CUT",
                fmt::format("could not list {}: the list was cut short", data_name(target.data_mount)));
  }
  return lines.size() == 1 || (lines.size() == 2 && lines[0] == directory + "/" + kUnfinishedMark);
}

int data_version(StepContext& context, const TargetPlan& target, const std::string& image_id,
                 const Mount& data_mount, const std::string& directory) {
  const std::string script =
      "v=$(cat \"$1/PG_VERSION\" 2>/dev/null | tr -cd 0-9); echo \"${v:-0}\"; echo end";
  WorkSpec spec = data_work(context, target, "version", {"sh", "-c", script, "sh", directory});
  spec.image = image_id;
  spec.mounts = {data_mount};
  spec.mounts[0].read_only = true;
  spec.last_line = "end";
  const auto result = run_work_checked(context.world, spec, "E-LISTING", "read PG_VERSION in " + directory);
  const auto lines = split_lines(result.standard_output);
  int version = 0;
  if (lines.size() != 2 || lines[1] != "end" ||
      std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), version).ec != std::errc{}) {
    throw Error(ErrorKind::failed, "E-LISTING-CUT",
                fmt::format("could not read PG_VERSION in {} of {}", directory, data_name(data_mount)));
  }
  return version;
}

ControlData control_data(StepContext& context, const TargetPlan& target, const std::string& image_id,
                         const Mount& data_mount, const std::string& data_directory) {
  WorkSpec spec = data_work(context, target, "control", {"pg_controldata", data_directory});
  spec.image = image_id;
  spec.mounts = {data_mount};
  spec.mounts[0].read_only = true;
  spec.environment = {{"LC_ALL", "C"}};
  const auto result =
      run_work_checked(context.world, spec, "E-CONTROLDATA", "read the control file in " + data_directory);
  return {.state = postgres::cluster_state(result.standard_output),
          .next_transaction = postgres::next_transaction(result.standard_output),
          .checkpoint = postgres::checkpoint_location(result.standard_output),
          .system_identifier = postgres::system_identifier(result.standard_output)};
}

std::string cluster_state(StepContext& context, const TargetPlan& target, const std::string& image_id,
                          const Mount& data_mount, const std::string& data_directory) {
  return control_data(context, target, image_id, data_mount, data_directory).state;
}

void put_back_backup(StepContext& context, const TargetPlan& target,
                     const std::function<void()>& before_change) {
  const RunFiles& files = context.journal.files();
  const auto manifest = read_manifest(context, target);
  const auto before = own_entries(target, list_data(context, target), manifest);
  if (backup::compare(before, manifest, 1).empty()) return;

  // Nothing is removed before the copy that replaces it has been read again, whole.
  verify_backup(context, target, manifest);
  before_change();
  context.reach("before-emptying");
  remove_extra(context, target, before, manifest);
  context.reach("emptied");
  const auto spec = data_work(context, target, "put-back", {"true"});
  const std::string container = create_work(context.world, spec);
  context.world.engine.put_archive(container, target.data_mount.target,
                                   backup::read_archive(files.archive(target.service), manifest));
  context.reach("put-back");
  remove_work(context.world, spec);
  finish_root(context, target, manifest);
  const auto wrong = backup::compare(own_entries(target, list_data(context, target), manifest), manifest);
  if (!wrong.empty()) {
    throw Error(ErrorKind::failed, "E-PUT-BACK",
                fmt::format("could not put the backup back into {}: {}", data_name(target.data_mount),
                            join(wrong, "; ")));
  }
}

namespace {

// "name (state)" of each.
std::vector<std::string> running_on_data(World& world, const Plan& plan, const TargetPlan& target,
                                         const std::string& own, ClientsAre clients) {
  const auto will_stop = [&](const docker::ContainerInfo& info) {
    return clients == ClientsAre::still_to_be_stopped &&
           std::any_of(plan.clients.begin(), plan.clients.end(), [&](const ClientFacts& client) {
             return client.container_name == info.name && client.running;
           });
  };
  std::vector<std::string> names;
  for (const DataUser& user : data_users(world.engine, target.data_mount)) {
    const docker::ContainerInfo& info = user.container;
    const auto label = info.labels.find(kRunLabel);
    if (label != info.labels.end() && label->second == plan.run_id) continue;
    if (info.running() && info.id != own && !will_stop(info))
      names.push_back(fmt::format("{} ({})", info.name, docker::state_name(info.status)));
  }
  return names;
}

// Between the call that exchanges them and its record only the clusters tell.
bool has_changed_places(StepContext& context, const TargetPlan& target) {
  if (!context.journal.begun(Point::replaces_data)) return false;
  return context.journal.passed(Point::replaces_data) ||
         where_old_data_is(context, target) == OldPlace::aside;
}

}  // namespace

void refuse_users(StepContext& context, const TargetPlan& target, const std::string& aim,
                  const std::string& command, const std::string& own, ClientsAre clients) {
  const auto users = running_on_data(context.world, context.plan(), target, own, clients);
  if (users.empty()) return;
  throw Error(ErrorKind::refused, "E-VOLUME-IN-USE",
              fmt::format("cannot {}: it is in use by {}", aim, join(users, ", ")),
              "stop it, then: " + command);
}

void refuse_other_users(StepContext& context, const TargetPlan& target, const std::string& own) {
  refuse_users(context, target, "continue with " + data_name(target.data_mount), "pgupgrade resume", own);
}

Mount old_data_mount(StepContext& context, const TargetPlan& target) {
  if (has_aside(target) && has_changed_places(context, target)) return old_content_mount(target);
  return has_copy(target) ? copy_mount(target) : target.data_mount;
}

Mount new_data_mount(StepContext& context, const TargetPlan& target) {
  if (has_aside(target) && !has_changed_places(context, target)) return new_content_mount(target);
  Mount mount = target.data_mount;
  mount.target = target.new_data_target;
  return mount;
}

}  // namespace pgupgrade::upgrade
