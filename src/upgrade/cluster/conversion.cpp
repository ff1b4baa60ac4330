#include "upgrade/cluster/conversion.hpp"

#include <fmt/format.h>

#include <chrono>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/physical.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/cluster/new_cluster.hpp"
#include "upgrade/cluster/old_programs.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/image_probe.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string work_directory() {
  return std::string(kAsideMount) + "/scratch";
}

// $1: the working directory, which pg_upgrade fills with its scripts; what follows is its command line. What
// it found stands in files that it names and keeps only when it fails.
constexpr const char* kUpgradeScript = R"sh(
set -u
cd "$1" || exit
new=$2
shift 2
rm -rf ./* "$new/pg_upgrade_output.d"
"$@" >./pg_upgrade.log 2>&1 && exit
code=$?
tail -n 8 ./pg_upgrade.log
find . "$new/pg_upgrade_output.d" -name '*.txt' 2>/dev/null | while read -r file; do head -n 5 "$file"; done
find . "$new/pg_upgrade_output.d" -name '*.log' ! -name pg_upgrade.log 2>/dev/null |
  while read -r file; do grep -hE 'error:|ERROR:' "$file" | grep -v 'terminating connection' | head -n 2; done
exit $code
)sh";

// What the old server's own configuration says is of no use to pg_upgrade, and what it names may be missing
// in the container: the copy gets a plain one. The mark of a cut-off attempt is taken back; and all belongs
// to the user that the new cluster is made by, since they share files.
constexpr const char* kPrepareScript = R"sh(
set -eu
copy=$1 owner=$2 new=$3
[ -e "$copy/global/pg_control" ] || mv "$copy/global/pg_control.old" "$copy/global/pg_control"
rm -f "$copy/standby.signal" "$copy/recovery.signal" "$copy/postmaster.pid"
: >"$copy/postgresql.auto.conf"
: >"$copy/pg_ident.conf"
echo "local all all trust" >"$copy/pg_hba.conf"
echo "listen_addresses = ''" >"$copy/postgresql.conf"
chown "$owner" "$copy/postgresql.auto.conf" "$copy/pg_ident.conf" "$copy/pg_hba.conf" "$copy/postgresql.conf"
for directory in "$copy" "$new"; do
  [ "$(stat -c %u "$directory")" = "${owner%:*}" ] || chown -R "$owner" "$directory"
done
)sh";

constexpr const char* kPgUpgrade = "pg-upgrade";  // the purpose of its container

std::string builder(const StepContext& context, const TargetPlan& target) {
  return context.known(target).image.builder;
}

postgres::PhysicalUpgrade upgrade_of(const StepContext& context, const TargetPlan& target,
                                     const std::string& programs) {
  return {.old_programs = programs,
          .old_data = copy_in_aside(),
          .new_data = new_data_in_aside(target),
          .superuser = target.inventory.superuser,
          .sockets = "/tmp",
          .preload_libraries = target.inventory.preload_libraries,
          .jobs = context.plan().jobs,
          .new_major = target.new_major};
}

WorkSpec upgrade_work(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                      const std::vector<std::string>& command) {
  std::vector<std::string> argv = {
      "sh", "-c", kUpgradeScript, "sh", work_directory(), new_data_in_aside(target)};
  argv.insert(argv.end(), command.begin(), command.end());
  WorkSpec spec = aside_work(context, target, purpose, new_image_id(context, target), std::move(argv));
  spec.user = builder(context, target);
  spec.environment = target.environment;
  spec.environment["LC_MESSAGES"] = "C";
  spec.shm_bytes = std::max<std::int64_t>(target.shm_bytes, 1LL << 30);
  return spec;
}

std::string findings(const WorkResult& result) {
  return last_words(result.standard_output + "\n" + result.standard_error);
}

}  // namespace

namespace {

// pg_upgrade runs as one user on both clusters, and the standby's files are their owner's alone. The group
// does not matter: an entrypoint gives a directory that the engine has made to its user, and leaves it root's
// group.
void refuse_other_owner(StepContext& context, const TargetPlan& target) {
  const std::string owner = old_owner(context, target);
  const auto user = [](const std::string& both) { return both.substr(0, both.find(':')); };
  if (user(owner) == user(builder(context, target))) return;
  throw Error(
      ErrorKind::refused, "E-WARM",
      fmt::format("service {} cannot be copied while it runs: its data belongs to {}, and image {} runs "
                  "PostgreSQL's programs as {}",
                  target.service, owner, target.new_image, builder(context, target)),
      "use --strategy dump");
}

}  // namespace

void check_conversion(StepContext& context, const TargetPlan& target) {
  refuse_other_owner(context, target);
  const std::string libc =
      probe_image(context.world, context.plan().run_id, target.service, new_image_id(context, target)).libc;
  const bool same = !libc.empty() && libc == target.old_libc;
  context.learn(target, [&](TargetState& state) { state.same_libc = same; });
  create_new_cluster(context, target);
  context.reach("cluster-made");
  const auto running = standby(context, target);  // whom pg_upgrade asks
  refuse_changed_cluster(running->inventory(), target, TakenBy::copy);
  WorkSpec spec =
      upgrade_work(context, target, "check-upgrade",
                   postgres::check_upgrade(upgrade_of(context, target, old_programs_without_start())));
  spec.mounts.push_back(WorkServer(context, target, Side::old).socket_mount());
  const WorkResult result = run_work(context.world, spec);
  if (result.exit_code == 0) return;
  throw Error(
      ErrorKind::refused, "E-UPGRADE-CHECK",
      fmt::format("pg_upgrade refuses the cluster of service \"{}\": {}", target.service, findings(result)),
      "fix what it names, or use --strategy dump");
}

postgres::LibcCollations libc_collations(const StepContext& context, const TargetPlan& target) {
  return context.known(target).same_libc ? postgres::LibcCollations::same : postgres::LibcCollations::changed;
}

void convert_copy(StepContext& context, const TargetPlan& target) {
  // The one that was made for the check will do, unless an attempt has begun to fill it.
  if (context.is_repeated(target)) create_new_cluster(context, target);
  run_work_checked(context.world,
                   aside_work(context, target, "prepare-copy", target.old_image_id,
                              {"sh", "-c", kPrepareScript, "sh", copy_in_aside(), builder(context, target),
                               new_data_in_aside(target)}),
                   "E-CONVERT", fmt::format("prepare the copy of service \"{}\"", target.service));
  context.reach("copy-prepared");
  const WorkResult result =
      run_work(context.world,
               upgrade_work(context, target, kPgUpgrade,
                            postgres::link_upgrade(upgrade_of(context, target, old_programs()))),
               [&] { context.progress("pg_upgrade of " + target.service, 0, 0, Progress::Unit::items); });
  context.reach("converted");
  if (result.exit_code != 0) {
    throw Error(
        ErrorKind::failed, "E-CONVERT",
        fmt::format("could not convert the copy of service \"{}\": {}", target.service, findings(result)),
        "run `pgupgrade rollback`: the old data was not touched");
  }
  give_new_cluster(context, target);
}

void await_conversion(World& world, const Plan& plan) {
  constexpr std::chrono::milliseconds kTick{500};
  for (const TargetPlan& target : plan.targets) {
    const auto running =
        world.engine.inspect_container(work_container_name(plan.run_id, target.service, kPgUpgrade));
    if (!running || !running->running()) continue;
    while (!world.engine.wait_container(running->id, kTick)) world.cancellation.throw_if_requested();
  }
}

}  // namespace pgupgrade::upgrade
