#include <fmt/format.h>

#include "upgrade/cluster/new_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The new, empty cluster. Undone by wipe, which puts the backup back over whatever stands there, or goes with
// its own place.
class StartNewStep final : public TargetStep {
 public:
  explicit StartNewStep(NewPlace place) : place_(place) {}

  std::string_view name() const override { return "start-new"; }
  std::vector<Point> passes() const override {
    if (place_ == NewPlace::own) return {};
    return {Point::fills_place};
  }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("PostgreSQL {} in {}, isolated", target.new_major, target.new_pgdata);
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    create_new_cluster(context, target);
    // PG_VERSION is written early; only this says that initdb, of the new image, came to its end.
    context.record(target, "initialised", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.datum(target, "initialised") == "yes" &&
           data_version(context, target, new_image_id(context, target), new_data_mount(context, target),
                        target.new_pgdata) == target.new_major;
  }

  bool looks_itself() const override { return true; }

 private:
  NewPlace place_;
};

}  // namespace

std::unique_ptr<Step> make_start_new_step(NewPlace place) {
  return std::make_unique<StartNewStep>(place);
}

}  // namespace pgupgrade::upgrade
