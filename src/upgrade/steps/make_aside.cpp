#include <fmt/format.h>

#include "upgrade/data/aside.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The place in which the new cluster is made and proven while the old data stays in its own. Whether the two
// can change places is found out here, while all is in use.
class MakeAsideStep final : public TargetStep {
 public:
  std::string_view name() const override { return "make-aside"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("{} for the new cluster", data_name(target.aside.mount));
    });
  }

  Artefacts artefacts(const RunFiles&, const Plan&, const TargetPlan& target) const override {
    return {.files = {}, .volumes = aside_volumes(target)};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    make_aside(context, target);
    context.record(target, kMade, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kMade) && !existing_aside(context.world, target).empty();
  }

  void undo_for(StepContext& context, const TargetPlan& target) override { give_up_aside(context, target); }

 private:
  static constexpr const char* kMade = "made";
};

}  // namespace

std::unique_ptr<Step> make_make_aside_step() {
  return std::make_unique<MakeAsideStep>();
}

}  // namespace pgupgrade::upgrade
