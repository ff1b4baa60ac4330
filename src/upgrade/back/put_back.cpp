#include "upgrade/back/put_back.hpp"

#include <fmt/format.h>

#include <optional>

#include "pgupgrade/base/error.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/stop_server.hpp"
#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {
namespace {

void refuse_users_for_backup(StepContext& context, const TargetPlan& target) {
  refuse_users(context, target, "put the backup back into " + data_name(target.data_mount),
               "pgupgrade rollback");
}

void stop_old_container(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (!info || !info->running()) return;
  context.warn(
      "W-DATA-REPLACED",
      fmt::format("container {} was started on the {} {}; it will be stopped, and what it wrote will be "
                  "replaced by the {}",
                  info->name, has_aside(target) ? "exchanged" : "emptied", data_name(target.data_mount),
                  has_aside(target) ? "old data" : "backup"));
  hold_restart_policy(context, info->id, info->auto_remove);
  stop_server(context.world, info->id, target.old_pgdata);
}

// The engine would make a missing volume when a container asks for it, but without what was declared.
void make_missing_volume(StepContext& context, const TargetPlan& target) {
  if (target.data_mount.kind != MountKind::volume) return;
  if (context.world.engine.inspect_volume(target.data_mount.source)) return;
  site_of(context.plan()).make_volume(context, target);
}

// The version of the cluster that is there; 0: none, or no volume.
int version_there(StepContext& context, const TargetPlan& target) {
  const bool volume = target.data_mount.kind == MountKind::volume;
  if (volume && !context.world.engine.inspect_volume(target.data_mount.source)) return 0;
  return data_version(context, target, utility_image(context.world, target), target.data_mount,
                      target.old_pgdata);
}

void set(const StepContext& context, const TargetPlan& target, OldData where) {
  context.learn(target, [&](TargetState& state) { state.old_data = where; });
}

// Writes down that the backup is on its way back before it changes anything.
void bring_back(StepContext& context, const TargetPlan& target) {
  put_back_backup(context, target, [&] { set(context, target, OldData::returning); });
}

// The file that goes first when a data directory is emptied is still the one that was backed up. One of a
// cluster that somebody made in the emptied directory is younger.
bool was_only_announced(StepContext& context, const TargetPlan& target) {
  if (context.known(target).old_data != OldData::leaving ||
      version_there(context, target) != target.old_major) {
    return false;
  }
  const std::string path = within(target.data_mount.target, target.old_pgdata + "/PG_VERSION");
  const auto age_in = [&](const std::vector<backup::Entry>& entries) {
    for (const auto& entry : entries)
      if (entry.path == path) return std::optional(entry.mtime);
    return std::optional<decltype(backup::Entry::mtime)>();
  };
  const auto age = age_in(list_data(context, target));
  return age && age == age_in(read_manifest(context, target).entries);
}

// Once it is begun, nothing but the run's own is in it.
void remove_new_directory(StepContext& context, const TargetPlan& target) {
  const bool volume = target.data_mount.kind == MountKind::volume;
  if (!context.journal.ever_begun(Point::fills_place)) return;
  if (volume && !context.world.engine.inspect_volume(target.data_mount.source)) return;
  refuse_users(context, target, "remove the new cluster from " + data_name(target.data_mount),
               "pgupgrade rollback", target.container_id);
  run_work_checked(
      context.world,
      data_work(context, target, "remove", {"sh", "-c", "rm -rf \"$1\" && sync", "sh", target.new_pgdata}),
      "E-EMPTY", fmt::format("remove {} of {}", target.new_pgdata, data_name(target.data_mount)));
}

// Any version's pg_controldata reads the state; the old one's own says nothing more.
std::string image_of_old(const StepContext& context, const TargetPlan& target) {
  return context.world.engine.inspect_image(target.old_image_id) ? target.old_image_id
                                                                 : utility_image(context.world, target);
}

// The old cluster beside the new one as its last server left it: the run's own, when it has come to the end
// of the dump. Before that members of extensions may be out, and the backup is the truth.
bool is_whole_in_place(StepContext& context, const TargetPlan& target) {
  return context.known(target).old_data != OldData::returning && !context.known(target).dump_sha256.empty() &&
         old_server_since_stop(context, target) == OldServer::stopped &&
         version_there(context, target) == target.old_major &&
         cluster_state(context, target, image_of_old(context, target), target.data_mount,
                       target.old_pgdata) == "shut down";
}

}  // namespace

bool is_old_data_there(StepContext& context, const TargetPlan& target) {
  return version_there(context, target) == target.old_major;
}

bool was_emptied(const StepContext& context, const TargetPlan& target) {
  switch (context.known(target).old_data) {
    case OldData::leaving:
    case OldData::returning:
      return true;
    case OldData::stayed:
    case OldData::returned:
      return false;
    case OldData::in_place:
      break;
  }
  // The record of it may be the one that was lost; the new cluster is begun once the place is empty.
  return !target.keeps_old && context.journal.ever_begun(Point::fills_place);
}

void put_back_unclean_data(StepContext& context, const TargetPlan& target) {
  const bool begun = context.known(target).old_data == OldData::returning;
  if (!begun && cluster_state(context, target, target.old_image_id, target.data_mount, target.old_pgdata) ==
                    "shut down") {
    return;
  }
  context.warn(
      "W-NOT-SHUT-DOWN",
      fmt::format(
          "the old server of service {} was not shut down cleanly while its dump was taken: {} is put "
          "back as the backup has it",
          target.service, data_name(target.data_mount)));
  refuse_other_users(context, target);
  bring_back(context, target);
  set(context, target, OldData::in_place);
}

OldServer old_server_since_stop(StepContext& context, const TargetPlan& target) {
  const std::string recorded = context.known(target).old_started_at;
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (info) {
    const bool started = info->running() || (!recorded.empty() && info->started_at != recorded);
    return started ? OldServer::ran_again : OldServer::stopped;
  }
  // Before the data goes none of the steps removes it. What is made of the edited files is no old server.
  if (target.keeps_old && context.journal.ever_begun(Point::declares)) return OldServer::stopped;
  return recorded.empty() || was_emptied(context, target) ? OldServer::stopped : OldServer::replaced;
}

void refuse_old_server_that_ran_again(StepContext& context, const TargetPlan& target) {
  const OldServer old_server = old_server_since_stop(context, target);
  if (old_server == OldServer::stopped) return;
  throw Error(ErrorKind::refused, "E-DRIFT",
              fmt::format("cannot continue: container {} was {} after the run had stopped it, and {} may "
                          "have changed since{}",
                          target.container_name,
                          old_server == OldServer::replaced ? "removed or replaced" : "started again",
                          data_name(target.data_mount), has_aside(target) ? "" : " the backup"),
              "run `pgupgrade rollback`, then start over");
}

bool put_back_old_data(StepContext& context, const TargetPlan& target) {
  if (target.keeps_old) remove_new_directory(context, target);
  if (target.keeps_old && is_whole_in_place(context, target)) {
    set(context, target, OldData::returned);
    return true;
  }
  if (was_only_announced(context, target)) set(context, target, OldData::stayed);
  const OldServer old_server = old_server_since_stop(context, target);
  if (!was_emptied(context, target) && old_server != OldServer::stopped) {
    // Of a container that the way forward had replaced there is nothing to tell: its data was put back.
    if (old_server == OldServer::replaced && context.known(target).old_data == OldData::returned &&
        context.journal.ever_begun(Point::replaces_data))
      return true;
    context.warn("W-DATA-LEFT",
                 fmt::format("container {} {} since the backup: {} is left as it is", target.container_name,
                             old_server == OldServer::replaced ? "was removed or replaced" : "has run again",
                             data_name(target.data_mount)));
    return false;
  }
  stop_old_container(context, target);
  make_missing_volume(context, target);
  refuse_users_for_backup(context, target);
  try {
    bring_back(context, target);
    set(context, target, OldData::returned);
    return true;
  } catch (const Error& error) {
    if (!backup::is_damage(error) || was_emptied(context, target)) throw;
    context.warn("W-DATA-LEFT", fmt::format("{}; {} was never emptied and is left as it is", error.what(),
                                            data_name(target.data_mount)));
    return false;
  }
}

void exchange_back(StepContext& context, const TargetPlan& target) {
  stop_old_container(context, target);
  make_missing_volume(context, target);
  refuse_users(context, target, "bring the old data back into " + data_name(target.data_mount),
               "pgupgrade rollback");
  exchange_with_aside(context, target);
}

void put_back_lost_data(StepContext& context, const TargetPlan& target) {
  const auto info = context.world.engine.inspect_container(target.container_id);
  if (info && info->running()) return;
  const bool begun = context.known(target).old_data == OldData::returning;
  if (!begun && version_there(context, target) != 0) return;
  if (context.known(target).backup.manifest_sha256.empty()) {
    throw Error(
        ErrorKind::failed, "E-DATA-GONE",
        fmt::format("could not start service \"{}\" again: {} no longer contains a cluster, and this run "
                    "has no backup of it",
                    target.service, data_name(target.data_mount)),
        "pgupgrade did not empty it; restore the data, then: pgupgrade rollback");
  }
  context.warn(
      "W-DATA-GONE",
      fmt::format("{} no longer contains a cluster, and pgupgrade did not remove it; restoring the backup",
                  data_name(target.data_mount)));
  make_missing_volume(context, target);
  refuse_users_for_backup(context, target);
  bring_back(context, target);
  set(context, target, OldData::returned);
}

}  // namespace pgupgrade::upgrade
