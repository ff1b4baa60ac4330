#pragma once

#include <string>
#include <vector>

#include "upgrade/run/context.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// The place of the run's own, in the file system of the target's data, in which the new cluster is made while
// the old data stays where it is (TargetPlan::aside). In it:
//   new       what the data mount will hold; changes places with it
// and, where a copy of the old cluster becomes the new one or stands for the old one:
//   copy      the copy of the old data directory
//   programs  PostgreSQL's programs of the old version, with their libraries
//   scratch   the working directory of pg_upgrade
inline constexpr const char* kAsideMount = "/pgupgrade/aside";

// Whether the plan gives the target one.
bool has_aside(const TargetPlan& target);

// Whether a copy of the old cluster is in it, which the run works on in the old cluster's stead.
bool has_copy(const TargetPlan& target);
// Whether the old data itself is what the run reads, and there is no copy of it.
bool works_on_only_copy(const TargetPlan& target);

// The whole place, at kAsideMount.
Mount aside_mount(const TargetPlan& target);
// Its parts as mounts of servers: the copy where the old server has its data directory, the new content where
// the new server mounts its data.
Mount copy_mount(const TargetPlan& target);
Mount new_content_mount(const TargetPlan& target);
// The old content, once it has changed places with the new one, where the old server mounts its data.
Mount old_content_mount(const TargetPlan& target);
// Paths below kAsideMount.
std::string copy_in_aside();
std::string new_data_in_aside(const TargetPlan& target);

// A work container of the given image, as root, with the whole place at kAsideMount.
WorkSpec aside_work(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                    const std::string& image, std::vector<std::string> argv);

// Makes the place, empty, and `new` with the owner and mode of the data mount's own directory. What an
// earlier attempt has left in it is removed. Error(refused, "E-ASIDE") when the data cannot change places
// with it: it is a mount point of its own, or holds something besides the data directory. A rehearsal's place
// never changes places with anything.
void make_aside(StepContext& context, const TargetPlan& target);
// Undoes that, but for a place that holds the only copy of the old data: whoever finds that there takes it
// back first.
void give_up_aside(StepContext& context, const TargetPlan& target);
// The volumes that it is, for a step that makes it.
std::vector<std::string> aside_volumes(const TargetPlan& target);
// Fine when it is not there. The volume or directory goes with all that is in it.
void remove_aside(World& world, const Plan& plan, const TargetPlan& target);
// "volume pgupgrade-7f3a-db-aside"; empty when it is not there.
std::string existing_aside(World& world, const TargetPlan& target);

// Where the old data is now, by the clusters themselves.
enum class OldPlace { in_place, aside, nowhere };
OldPlace where_old_data_is(StepContext& context, const TargetPlan& target);

// The data mount's content and `new` change places, by one system call: a crash leaves either both as they
// were or both exchanged. No container may run on the data. Error(failed, "E-EXCHANGE").
void exchange_with_aside(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
