#include "upgrade/put_back.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
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

void refuse_users(StepContext& context, const TargetPlan& target) {
  const auto users = running_on_data(context.world, context.plan(), target);
  if (users.empty()) return;
  throw Error(ErrorKind::refused, "E-VOLUME-IN-USE",
              fmt::format("cannot put the backup back into {}: it is in use by {}",
                          data_name(target.data_mount), join(users, ", ")),
              "stop it, then: pgupgrade rollback");
}

}  // namespace

bool old_server_ran_again(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  const std::string recorded = context.datum_of("stop-old", target, "started_at");
  return info && (info->running() || (!recorded.empty() && info->started_at != recorded));
}

void put_back_old_data(StepContext& context, const TargetPlan& target) {
  const bool emptied = context.datum_of("wipe", target, kEmptying) == "yes";
  if (!emptied && old_server_ran_again(context, target)) {
    context.observer.message(Severity::warning,
                             fmt::format("container {} has run again since the backup: {} is left as it is",
                                         target.container_name, data_name(target.data_mount)));
    return;
  }
  stop_old_container(context, target);
  refuse_users(context, target);
  put_back_backup(context, target);
}

}  // namespace pgupgrade::upgrade
