#include "upgrade/cluster/new_cluster.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/client_work.hpp"

namespace pgupgrade::upgrade {
namespace {

// A work container of the new image with the data where the new service will have it.
WorkSpec new_work(StepContext& context, const TargetPlan& target, const std::string& purpose,
                  std::vector<std::string> argv) {
  WorkSpec spec = data_work(context, target, purpose, std::move(argv));
  spec.image = new_image_id(context, target);
  spec.mounts = {new_data_mount(context, target)};
  return spec;
}

// An old cluster is never in the way of the new one: where one is, it is the only one perhaps. The mount's
// own root is given to the new owner only when it was the old data directory; beside it may stand things that
// are not ours.
void prepare_directory(StepContext& context, const TargetPlan& target, const std::string& owner) {
  const std::string script =
      "[ \"$(cat \"$1/PG_VERSION\" 2>/dev/null)\" != \"$5\" ] || "
      "{ echo \"a cluster of PostgreSQL $5 is in it\" >&2; exit 3; } && mkdir -p \"$1\" && find \"$1\" "
      "-mindepth 1 -delete && chown \"$2\" \"$1\" && chmod 0700 \"$1\" && "
      "{ [ -z \"$3\" ] || { chown \"$2\" \"$3\" && rm -f \"$3/$4\"; }; }";
  const std::string root = target.old_pgdata == target.data_mount.target ? target.new_data_target : "";
  run_work_checked(context.world,
                   new_work(context, target, "prepare",
                            {"sh", "-c", script, "sh", target.new_pgdata, owner, root, kUnfinishedMark,
                             std::to_string(target.old_major)}),
                   "E-NEW-CLUSTER", fmt::format("prepare {}", target.new_pgdata));
}

// When it fails, initdb removes what it has made.
void run_initdb(StepContext& context, const TargetPlan& target, const WorkSpec& init) {
  try {
    run_client(context.world, init,
               {.code = "E-NEW-CLUSTER",
                .verb = "make",
                .whole = fmt::format("a new cluster for service \"{}\"", target.service)});
  } catch (const Error&) {
    try {
      mark_when_empty(context, target);
    } catch (const Error&) {
      // The first error is the one to tell.
    }
    throw;
  }
}

}  // namespace

void create_new_cluster(StepContext& context, const TargetPlan& target) {
  WorkServer(context, target, Side::fresh).discard();
  // initdb wants a user that the image knows; the service may run as another.
  const std::string builder = context.known(target).image.builder;
  prepare_directory(context, target, builder);
  context.reach("directory-prepared");
  WorkSpec init = new_work(context, target, "initdb",
                           postgres::initdb(target.inventory, target.new_major, target.new_pgdata));
  init.user = builder;
  init.environment = target.environment;
  run_initdb(context, target, init);
  context.reach("initialised");
  if (is_dumped(context.plan())) give_new_cluster(context, target);
}

void give_new_cluster(StepContext& context, const TargetPlan& target) {
  const std::string owner = new_owner(context, target);
  if (owner == context.known(target).image.builder) return;
  const std::string script = "chown -R \"$2\" \"$1\" && { [ -z \"$3\" ] || chown \"$2\" \"$3\"; }";
  const std::string root = target.old_pgdata == target.data_mount.target ? target.new_data_target : "";
  run_work_checked(
      context.world,
      new_work(context, target, "chown", {"sh", "-c", script, "sh", target.new_pgdata, owner, root}),
      "E-NEW-CLUSTER", fmt::format("give {} to {}", target.new_pgdata, owner));
}

void flush_new_cluster(StepContext& context, const TargetPlan& target) {
  put_in_new_cluster(context, target, {});
}

void put_in_new_cluster(StepContext& context, const TargetPlan& target, const std::string& tar) {
  WorkSpec sync =
      new_work(context, target, "sync", postgres::initdb_sync_only(target.new_major, target.new_pgdata));
  sync.user = new_owner(context, target);
  sync.environment = target.environment;
  sync.files = tar;
  sync.files_directory = target.new_pgdata;
  run_work_checked(context.world, sync, "E-SYNC", fmt::format("sync {}", target.new_pgdata));
}

}  // namespace pgupgrade::upgrade
