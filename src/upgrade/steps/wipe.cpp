#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/cluster/carried_files.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/backup_check.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/data/volume_identity.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// Empties the old data directory. Right before, all that replaces it is read once more: a run may have slept
// for a week between its backup and this moment. The directory is emptied in place rather than its volume
// removed: name, labels, driver and options stay, and no container that refers to it stands in the way.
class WipeStep final : public TargetStep {
 public:
  std::string_view name() const override { return "wipe"; }
  std::vector<Point> passes() const override { return {Point::replaces_data}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      if (target.keeps_old) return fmt::format("nothing: {} stays until cleanup", old_directory(target));
      return fmt::format("{} (backup and dump verified before)", data_name(target.data_mount));
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    refuse_other_volume(context.world, target);
    refuse_touched(context, target);
    prove_copies(context, target);
    context.reach("copies-proven");
    refuse_touched(context, target);
    if (target.keeps_old) return refuse_occupied(context, target);
    context.learn(target, [](TargetState& state) { state.old_data = OldData::leaving; });
    empty_directory(context, target, target.old_pgdata);
    context.reach("emptied");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return is_empty_or_absent(context, target, target.keeps_old ? target.new_pgdata : target.old_pgdata);
  }

  bool looks_itself() const override { return true; }

  void recheck_for(StepContext& context, const TargetPlan& target) override {
    refuse_other_volume(context.world, target);
    if (!context.journal.begun(Point::serves)) refuse_other_users(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    put_back_old_data(context, target);
  }

 private:
  // Once emptied by an earlier attempt, the data cannot be newer than the backup any more.
  static void refuse_touched(StepContext& context, const TargetPlan& target) {
    if (context.known(target).old_data != OldData::leaving) refuse_old_server_that_ran_again(context, target);
    refuse_other_users(context, target);
  }

  static void prove_copies(StepContext& context, const TargetPlan& target) {
    read_backup_again(context, target);
    const DumpRecord record = read_dump_record(context, target);
    verify_dump_digests(context, target, record);
    verify_carried(context, target, read_old_cluster(context, target));
    old_fingerprint(context, target);
  }

  // Not known to be ours, so nobody may remove it.
  static void refuse_occupied(StepContext& context, const TargetPlan& target) {
    if (is_empty_or_absent(context, target, target.new_pgdata)) return;
    throw Error(ErrorKind::refused, "E-NEW-DIRECTORY",
                fmt::format("cannot continue: {} of {} is to have the new cluster, and something is in it",
                            target.new_pgdata, data_name(target.data_mount)),
                "move it away, then run `pgupgrade resume`");
  }
};

}  // namespace

std::unique_ptr<Step> make_wipe_step() {
  return std::make_unique<WipeStep>();
}

}  // namespace pgupgrade::upgrade
