#include "upgrade/put_back.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "upgrade/backup_check.hpp"
#include "upgrade/clients.hpp"
#include "upgrade/data_volume.hpp"
#include "upgrade/names.hpp"
#include "upgrade/stop_server.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};

void refuse_users_for_backup(StepContext& context, const TargetPlan& target) {
  refuse_users(context, target, "put the backup back into " + data_name(target.data_mount),
               "pgupgrade rollback");
}

void stop_old_container(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (!info || !info->running()) return;
  context.observer.message(
      Severity::warning, fmt::format("container {} was started on the emptied {}; it is stopped, and what it "
                                     "wrote gives way to the backup",
                                     info->name, data_name(target.data_mount)));
  hold_restart_policy(context, info->id, info->auto_remove);
  stop_server(context.world, info->id, target.old_pgdata);
}

// The engine would make a missing volume when a container asks for it, but without its driver's options and
// Compose's labels; so Compose makes it, from the file of before.
void make_missing_volume(StepContext& context, const TargetPlan& target) {
  if (target.data_mount.kind != MountKind::volume) return;
  if (context.world.engine.inspect_volume(target.data_mount.source)) return;
  context.world.compose.create(context.plan().location, {target.service}, kPatience);
}

bool is_lost(StepContext& context, const TargetPlan& target) {
  const bool volume = target.data_mount.kind == MountKind::volume;
  if (volume && !context.world.engine.inspect_volume(target.data_mount.source)) return true;
  return data_version(context, target, target.old_image_id, target.data_mount, target.old_pgdata) == 0;
}

}  // namespace

bool was_emptied(const StepContext& context, const TargetPlan& target) {
  // The record of it may be the one that was lost; the new cluster is begun once the volume is empty.
  return context.datum_of("wipe", target, kEmptying) == "yes" ||
         context.datum_of("dump", target, kEmptying) == "yes" || context.journal.find("start-new") != nullptr;
}

OldServer old_server_since_stop(StepContext& context, const TargetPlan& target) {
  const std::string recorded = context.datum_of("stop-old", target, "started_at");
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (info) {
    const bool started = info->running() || (!recorded.empty() && info->started_at != recorded);
    return started ? OldServer::ran_again : OldServer::stopped;
  }
  // Before the data goes none of the steps removes it.
  return recorded.empty() || was_emptied(context, target) ? OldServer::stopped : OldServer::replaced;
}

void refuse_old_server_that_ran_again(StepContext& context, const TargetPlan& target) {
  const OldServer old_server = old_server_since_stop(context, target);
  if (old_server == OldServer::stopped) return;
  throw Error(
      ErrorKind::refused, "E-DRIFT",
      fmt::format(
          "cannot go on: container {} was {} after the run had stopped it, and {} may have changed since "
          "the backup",
          target.container_name, old_server == OldServer::replaced ? "removed or replaced" : "started again",
          data_name(target.data_mount)),
      "pgupgrade rollback, then begin again");
}

void put_back_old_data(StepContext& context, const TargetPlan& target) {
  const OldServer old_server = old_server_since_stop(context, target);
  if (!was_emptied(context, target) && old_server != OldServer::stopped) {
    context.observer.message(
        Severity::warning,
        fmt::format("container {} {} since the backup: {} is left as it is", target.container_name,
                    old_server == OldServer::replaced ? "was removed or replaced" : "has run again",
                    data_name(target.data_mount)));
    return;
  }
  stop_old_container(context, target);
  make_missing_volume(context, target);
  refuse_users_for_backup(context, target);
  try {
    put_back_backup(context, target, [&] { context.record(target, kEmptying, "yes"); });
  } catch (const Error& error) {
    if (!is_backup_damage(error) || was_emptied(context, target)) throw;
    context.observer.message(Severity::warning, fmt::format("{}; {} was never emptied and is left as it is",
                                                            error.what(), data_name(target.data_mount)));
  }
}

void put_back_lost_data(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (info && info->running()) return;
  const bool begun = context.datum(target, kEmptying) == "yes";
  if (!begun && !is_lost(context, target)) return;
  if (context.datum_of("backup", target, "manifest_sha256").empty()) {
    throw Error(ErrorKind::failed, "E-DATA-GONE",
                fmt::format("cannot start service \"{}\" again: {} holds no cluster any more, and this run "
                            "had not made its backup yet",
                            target.service, data_name(target.data_mount)),
                "whatever emptied it was not pgupgrade; bring the data back, then: pgupgrade rollback");
  }
  context.observer.message(
      Severity::warning,
      fmt::format("{} holds no cluster any more, by other hands than pgupgrade's: the backup is "
                  "put back",
                  data_name(target.data_mount)));
  make_missing_volume(context, target);
  refuse_users_for_backup(context, target);
  put_back_backup(context, target, [&] { context.record(target, kEmptying, "yes"); });
  context.record(target, kEmptying, "no");
}

}  // namespace pgupgrade::upgrade
