#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kCopied = "copied";

// A copy of the running server becomes a cluster of its own, which knows nothing of the server any more: it
// stands for the old cluster in all that follows.
class CopyLiveStep final : public TargetStep {
 public:
  std::string_view name() const override { return "copy-live"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("{} into {}, the server runs on", data_name(target.data_mount),
                         data_name(target.aside.mount));
    });
  }

  Artefacts artefacts(const RunFiles&, const Plan&, const TargetPlan& target) const override {
    return {.files = {}, .volumes = aside_volumes(target)};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer server(context, target, Side::old);
    server.discard();
    make_aside(context, target);
    context.reach("aside-made");
    make_copy(context, target);
    context.reach("following");
    const auto connection = cut_loose(context, target);
    context.reach("cut-loose");
    for (const std::string& database : databases_in_order(target.inventory))
      tell_of_unlogged(context, target, database, *connection);
    server.stop();
    context.record(target, kCopied, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kCopied) && !existing_aside(context.world, target).empty();
  }

  // What was cut off begins again: the old server has gone on meanwhile, and a script of the user's may have
  // been run in halves.
  bool is_spoilt(StepContext&, const TargetPlan&) override { return true; }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    WorkServer(context, target, Side::old).discard();
    WorkServer(context, target, Side::fresh).discard();
    context.world.engine.remove_volume(kept_volume_name(context.plan().run_id, target.service));
    remove_aside(context.world, context.plan(), target);
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override {
    return human_bytes(static_cast<std::uint64_t>(target.data_bytes));
  }

 private:
  static void tell_of_unlogged(StepContext& context, const TargetPlan& target, const std::string& database,
                               postgres::Server& connection) {
    const auto tables = connection.unlogged_tables(database);
    if (tables.empty()) return;
    context.warn("W-REHEARSAL",
                 fmt::format("the rows of unlogged tables of database \"{}\" of service \"{}\" are not "
                             "rehearsed, since they are in no copy: {}",
                             printable(database), target.service, printable(join(tables, ", "), 500)));
  }
};

}  // namespace

std::unique_ptr<Step> make_copy_live_step() {
  return std::make_unique<CopyLiveStep>();
}

}  // namespace pgupgrade::upgrade
