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

void stop_old_container(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (!info || !info->running()) return;
  context.observer.message(
      Severity::warning, fmt::format("container {} was started on the emptied {}; it is stopped, and what it "
                                     "wrote gives way to the backup",
                                     info->name, data_name(target.data_mount)));
  hold_restart_policy(context, info->id, info->auto_remove);
  stop_server(context.world, info->id);
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
  refuse_users(context, target, "put the backup back into " + data_name(target.data_mount),
               "pgupgrade rollback");
  try {
    put_back_backup(context, target, [&] { context.record(target, kEmptying, "yes"); });
  } catch (const Error& error) {
    if (!is_backup_damage(error) || was_emptied(context, target)) throw;
    context.observer.message(Severity::warning, fmt::format("{}; {} was never emptied and is left as it is",
                                                            error.what(), data_name(target.data_mount)));
  }
}

}  // namespace pgupgrade::upgrade
