#include "upgrade/clients/live_rows.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// Nobody but us has written to the new server yet.
class HoldRowsStep final : public TargetStep {
 public:
  explicit HoldRowsStep(std::shared_ptr<LiveRows> live) : live_(std::move(live)) {}

  std::string_view name() const override { return "hold-rows"; }

  std::string describe(const Plan& plan) const override {
    return each_target(
        plan, [](const TargetPlan&) { return std::string("a snapshot of each database, for compare-rows"); });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (defers_rows(context, target)) live_->hold(context, target);
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return !defers_rows(context, target) || live_->holds(target);
  }

  // What another process has held ended with it. Once the applications write again, it cannot be had again.
  void recheck_for(StepContext& context, const TargetPlan& target) override {
    if (!context.journal.begun(Point::releases_clients) && !holds_for(context, target))
      apply_to(context, target);
  }

 private:
  std::shared_ptr<LiveRows> live_;
};

}  // namespace

std::unique_ptr<Step> make_hold_rows_step(std::shared_ptr<LiveRows> live) {
  return std::make_unique<HoldRowsStep>(std::move(live));
}

}  // namespace pgupgrade::upgrade
