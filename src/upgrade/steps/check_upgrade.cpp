#include <fmt/format.h>

#include "upgrade/cluster/conversion.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/cluster/old_programs.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kChecked = "checked";

// What would stop the conversion is found while everything runs.
class CheckUpgradeStep final : public TargetStep {
 public:
  std::string_view name() const override { return "check-upgrade"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("pg_upgrade --check of the copy, {} to {}", target.old_major, target.new_major);
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    bring_old_programs(context, target);
    check_conversion(context, target);
    wait_until_following(context, target);
    context.record(target, kChecked, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kChecked);
  }

  // Since then the users of a server that runs may have made what pg_upgrade refuses.
  bool is_spoilt(StepContext& context, const TargetPlan& target) override {
    return still_serves(context, target);
  }

  // A standby that is not there when the old server stops misses its last words.
  void recheck_for(StepContext& context, const TargetPlan& target) override {
    if (context.journal.passed(Point::stops_server)) return;
    const auto old = context.world.engine.inspect_container(target.container_id);
    if (old && old->running()) wait_until_following(context, target);
  }
};

}  // namespace

std::unique_ptr<Step> make_check_upgrade_step() {
  return std::make_unique<CheckUpgradeStep>();
}

}  // namespace pgupgrade::upgrade
