#include "upgrade/data/aside.hpp"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/data/exchange_program.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

constexpr const char* kBothMount = "/pgupgrade/both";  // what holds the data and the place
constexpr const char* kProgram = "pgupgrade-exchange";

bool is_volume(const TargetPlan& target) {
  return target.aside.mount.kind == MountKind::volume;
}

// The directory on the host that holds both: of two volumes the engine's directory of volumes, of two
// directories their parent.
fs::path directory_of_both(const TargetPlan& target) {
  const fs::path data = target.aside.data_directory;
  return is_volume(target) ? data.parent_path().parent_path() : data.parent_path();
}

std::string in_both(const TargetPlan& target, const fs::path& path) {
  return (fs::path(kBothMount) / path.lexically_relative(directory_of_both(target))).string();
}

Mount both_mount(const TargetPlan& target) {
  return {.kind = MountKind::bind, .source = directory_of_both(target).string(), .target = kBothMount};
}

WorkSpec both_work(World& world, const std::string& run, const TargetPlan& target, const std::string& purpose,
                   std::vector<std::string> argv) {
  return {.run = run,
          .service = target.service,
          .purpose = purpose,
          .image = utility_image(world, target),
          .argv = std::move(argv),
          .mounts = {both_mount(target)}};
}

Mount part_mount(const TargetPlan& target, const char* part, const std::string& mounted_at) {
  return {.kind = MountKind::bind,
          .source = (fs::path(target.aside.directory) / part).string(),
          .target = mounted_at};
}

// A mount point can neither be renamed nor leave its file system. What lies beside the data directory would
// change places with it, and be gone for whoever looks for it. $1: data, $2: place, $3: what leads to the
// data directory within the data, or nothing, $4: all of that, $5: who runs pg_upgrade, $6: not empty when
// they stay where they are, $7: not empty when there is to be a copy, $8: the old version.
constexpr const char* kMakeScript = R"sh(
set -eu
mkdir -p "$2"
if [ -z "$6" ] &&
  { [ "$(stat -c %d "$1")" != "$(stat -c %d "$2")" ] || grep -q " $1 " /proc/self/mountinfo; }; then
  echo "it is a mount point or on another file system"; exit 3
fi
if [ -n "$3" ]; then
  beside=$(cd "$1" && find . -mindepth 1 -maxdepth 1 ! -name "$3" ! -name lost+found | head -n 3 | tr '\n' ' ')
  [ -z "$beside" ] || { echo "it holds more than the data directory: $beside"; exit 3; }
fi
if [ "$(cat "$2/new/$4/PG_VERSION" 2>/dev/null)" = "$8" ]; then
  echo "the old data is in the place beside it, where an exchange has brought it"; exit 3
fi
find "$2" -mindepth 1 -delete
mkdir "$2/new"
chown "$(stat -c %u:%g "$1")" "$2/new"
chmod "$(stat -c %a "$1")" "$2/new"
[ -n "$7" ] || { sync; exit 0; }
mkdir "$2/copy" "$2/programs" "$2/scratch"
chown "$(stat -c %u:%g "$1/$4")" "$2/copy"
chmod 0700 "$2/copy" "$2/scratch"
chown "$5" "$2/scratch"
sync
)sh";

// Of each directory, 0 when it holds no cluster.
constexpr const char* kVersionsScript =
    "for directory; do v=$(cat \"$directory/PG_VERSION\" 2>/dev/null | tr -cd 0-9); echo \"${v:-0}\"; done; "
    "echo end";

std::string first_component(const std::string& path) {
  return path.substr(0, path.find('/'));
}

const char* other_way(const Plan& plan) {
  return is_dumped(plan) ? "use --backup tar" : "use --strategy dump";
}

void make_volume(StepContext& context, const TargetPlan& target) {
  if (!is_volume(target)) return;
  context.world.engine.create_volume(
      {.name = target.aside.mount.source, .labels = {{kRunLabel, context.plan().run_id}}});
  const auto volume = context.world.engine.inspect_volume(target.aside.mount.source);
  if (volume && volume->mount_point == target.aside.directory) return;
  throw Error(ErrorKind::refused, "E-ASIDE",
              fmt::format("could not use volume {} beside the data: it is in {}, not in {}",
                          target.aside.mount.source, volume ? volume->mount_point : "no directory",
                          target.aside.directory),
              other_way(context.plan()));
}

}  // namespace

bool has_aside(const TargetPlan& target) {
  return !target.aside.directory.empty();
}

bool has_copy(const TargetPlan& target) {
  return has_aside(target) && target.aside.copied;
}

bool works_on_only_copy(const TargetPlan& target) {
  return has_aside(target) && !has_copy(target);
}

Mount aside_mount(const TargetPlan& target) {
  Mount mount = target.aside.mount;
  mount.target = kAsideMount;
  return mount;
}

Mount copy_mount(const TargetPlan& target) {
  return part_mount(target, "copy", target.old_pgdata);
}

Mount old_content_mount(const TargetPlan& target) {
  return part_mount(target, "new", target.data_mount.target);
}

Mount new_content_mount(const TargetPlan& target) {
  return part_mount(target, "new", target.new_data_target);
}

std::string copy_in_aside() {
  return std::string(kAsideMount) + "/copy";
}

std::string new_data_in_aside(const TargetPlan& target) {
  return std::string(kAsideMount) + "/new" + target.new_pgdata.substr(target.new_data_target.size());
}

WorkSpec aside_work(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                    const std::string& image, std::vector<std::string> argv) {
  return {.run = context.plan().run_id,
          .service = target.service,
          .purpose = purpose,
          .image = image,
          .argv = std::move(argv),
          .mounts = {aside_mount(target)}};
}

void make_aside(StepContext& context, const TargetPlan& target) {
  make_volume(context, target);
  const std::string inner = within(target.data_mount.target, target.old_pgdata);
  const bool stays = is_rehearsal(context.plan());
  const auto spec = both_work(context.world, context.plan().run_id, target, "make-aside",
                              {"sh", "-c", kMakeScript, "sh", in_both(target, target.aside.data_directory),
                               in_both(target, target.aside.directory),
                               stays || inner == "." ? std::string() : first_component(inner), inner,
                               context.known(target).image.builder, stays ? "stays" : "",
                               has_copy(target) ? "copy" : "", std::to_string(target.old_major)});
  const WorkResult result = run_work(context.world, spec);
  if (result.exit_code == 0) return;
  throw Error(ErrorKind::refused, "E-ASIDE",
              fmt::format("{} cannot change places with a new cluster: {}", data_name(target.data_mount),
                          last_words(result.standard_output + "\n" + result.standard_error)),
              other_way(context.plan()));
}

void give_up_aside(StepContext& context, const TargetPlan& target) {
  if (!existing_aside(context.world, target).empty() && where_old_data_is(context, target) == OldPlace::aside)
    return;
  remove_aside(context.world, context.plan(), target);
}

std::vector<std::string> aside_volumes(const TargetPlan& target) {
  if (!is_volume(target)) return {};
  return {target.aside.mount.source};
}

void remove_aside(World& world, const Plan& plan, const TargetPlan& target) {
  if (is_volume(target)) {
    world.engine.remove_volume(target.aside.mount.source);
    return;
  }
  run_work_checked(
      world,
      both_work(world, plan.run_id, target, "remove-aside",
                {"sh", "-c", "rm -rf \"$1\" && sync", "sh", in_both(target, target.aside.directory)}),
      "E-EMPTY", fmt::format("remove directory {}", target.aside.directory));
}

std::string existing_aside(World& world, const TargetPlan& target) {
  std::error_code ignored;
  const bool there = is_volume(target) ? world.engine.inspect_volume(target.aside.mount.source).has_value()
                                       : fs::exists(target.aside.directory, ignored);
  return there ? data_name(target.aside.mount) : std::string();
}

OldPlace where_old_data_is(StepContext& context, const TargetPlan& target) {
  // As paths of the mount: "" or "/pgdata".
  const std::string inner = target.old_pgdata.substr(target.data_mount.target.size());
  WorkSpec spec =
      both_work(context.world, context.plan().run_id, target, "places",
                {"sh", "-c", kVersionsScript, "sh", in_both(target, target.aside.data_directory) + inner,
                 in_both(target, fs::path(target.aside.directory) / "new") + inner});
  spec.mounts[0].read_only = true;
  spec.last_line = "end";
  const auto result = run_work_checked(context.world, spec, "E-LISTING",
                                       fmt::format("read PG_VERSION of {}", data_name(target.data_mount)));
  const auto versions = split_lines(result.standard_output);
  const std::string old_major = std::to_string(target.old_major);
  if (versions.size() == 3 && versions[0] == old_major) return OldPlace::in_place;
  if (versions.size() == 3 && versions[1] == old_major) return OldPlace::aside;
  return OldPlace::nowhere;
}

void exchange_with_aside(StepContext& context, const TargetPlan& target) {
  WorkSpec spec = both_work(context.world, context.plan().run_id, target, "exchange",
                            {std::string("/") + kProgram, in_both(target, target.aside.data_directory),
                             in_both(target, fs::path(target.aside.directory) / "new")});
  spec.files = backup::tar_of({{.path = kProgram, .content = std::string(exchange_program()), .mode = 0755}});
  const WorkResult result = run_work(context.world, spec);
  if (result.exit_code == 0) return;
  throw Error(
      ErrorKind::failed, "E-EXCHANGE",
      fmt::format("could not exchange {} and {}: {}", data_name(target.data_mount),
                  (fs::path(target.aside.directory) / "new").string(), std::strerror(result.exit_code)));
}

}  // namespace pgupgrade::upgrade
