#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/rehearsal.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The new version restores what the old server, which still runs, is made of: what it refuses is found while
// nothing has been stopped.
class RehearseStep final : public TargetStep {
 public:
  std::string_view name() const override { return "rehearse"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("{} on PostgreSQL {}, before anything stops", databases_of(target),
                         target.new_major);
    });
  }

  Artefacts artefacts(const RunFiles&, const Plan& plan, const TargetPlan& target) const override {
    return {.files = {}, .volumes = {rehearsal_volume_name(plan.run_id, target.service)}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    RehearsalFindings found =
        rehearse(context.world, context.plan(), target,
                 {.id = context.known(target).image.id, .owner = context.known(target).image.builder});
    context.learn(target, [&](TargetState& state) { state.accepted_differences = found.differences; });
    tell(context, std::move(found.diagnostics));
    context.record(target, "rehearsed", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "rehearsed");
  }

  // The users of a server that runs may have made since what the new version refuses.
  bool is_spoilt(StepContext& context, const TargetPlan& target) override {
    return still_serves(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    remove_rehearsal(context.world, context.plan(), target);
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }

 private:
  // The first refusal ends the run; the others are told before it.
  static void tell(StepContext& context, Diagnostics found) {
    const auto first = std::find_if(found.begin(), found.end(), [](const Diagnostic& diagnostic) {
      return diagnostic.severity == Severity::error;
    });
    for (auto diagnostic = found.begin(); diagnostic != found.end(); ++diagnostic) {
      if (diagnostic == first) continue;
      diagnostic->severity = Severity::warning;
      context.listener.message(*diagnostic);
    }
    if (first != found.end()) throw refusal(*first);
  }
};

}  // namespace

std::unique_ptr<Step> make_rehearse_step() {
  return std::make_unique<RehearseStep>();
}

}  // namespace pgupgrade::upgrade
