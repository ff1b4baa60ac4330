#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/backup/archive.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// Looking at and changing the target's data mount from work containers. The mount stands at its old target
// unless said otherwise.

// A path in the container as the one that listings and manifests of its mount have; "." for the mount itself.
std::string within(const std::string& mount_target, const std::string& path);

WorkSpec data_work(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                   std::vector<std::string> argv);

// Every entry of the data mount, contents hashed, read without the Engine's archive call.
std::vector<backup::Entry> list_data(StepContext& context, const TargetPlan& target);

// The same without relations and WAL: what is small.
std::vector<backup::Entry> list_configuration(StepContext& context, const TargetPlan& target);

// Empties `directory` (a path in the container) in place; the directory itself stays, so a volume keeps its
// name, labels, driver and options, and a bind mount its inode. Absent is fine. What is left is
// kUnfinishedMark in the old data directory.
void empty_directory(StepContext& context, const TargetPlan& target, const std::string& directory);
// Leaves kUnfinishedMark in the old data directory when that is there and empty.
void mark_when_empty(StepContext& context, const TargetPlan& target);
// Whether nothing is in it but kUnfinishedMark.
bool is_empty_or_absent(StepContext& context, const TargetPlan& target, const std::string& directory);

// PG_VERSION in `directory`, 0 when there is none.
int data_version(StepContext& context, const TargetPlan& target, const std::string& image_id,
                 const Mount& data_mount, const std::string& directory);

// What pg_controldata tells, by `image_id`'s own program.
struct ControlData {
  std::string state;             // "shut down" being the good one
  std::string next_transaction;  // "0:735", as of the last checkpoint
  std::string checkpoint;        // "0/1EC7AA8", where that begins in the WAL
  std::string system_identifier;
};
ControlData control_data(StepContext& context, const TargetPlan& target, const std::string& image_id,
                         const Mount& data_mount, const std::string& data_directory);
std::string cluster_state(StepContext& context, const TargetPlan& target, const std::string& image_id,
                          const Mount& data_mount, const std::string& data_directory);

// Makes the data mount equal to the backup: extra files in the old data directory and the new one go, all
// others are put back, and the listing is compared with the manifest afterwards. What somebody has put beside
// them into the same mount since the backup stays. Does nothing when it is equal already. `before_change` is
// called before the first change, when the backup has been read again. Throws backup::is_damage() when it
// cannot be used.
void put_back_backup(StepContext& context, const TargetPlan& target,
                     const std::function<void()>& before_change);

// Whether the plan's clients, of which some may read the data, have been stopped by now.
enum class ClientsAre { stopped, still_to_be_stopped };

// Error(refused, "E-VOLUME-IN-USE") when a container runs that mounts the target's data and is neither of
// this run nor of the id `own`, nor a client that is still to be stopped: cannot do `aim` ("back volume
// shop_pgdata up"); stop it, then `command`.
void refuse_users(StepContext& context, const TargetPlan& target, const std::string& aim,
                  const std::string& command, const std::string& own = {},
                  ClientsAre clients = ClientsAre::stopped);
// The same where the run would go on.
void refuse_other_users(StepContext& context, const TargetPlan& target, const std::string& own = {});

// What holds the cluster that the run works on, as the old and as the new container have the data: the data
// mount itself, or, of a target with a place aside, the copy there, if there is one, and the new content
// until it has changed places; from then on the old data itself.
Mount old_data_mount(StepContext& context, const TargetPlan& target);
Mount new_data_mount(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
