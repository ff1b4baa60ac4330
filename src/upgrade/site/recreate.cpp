#include <fmt/format.h>

#include "upgrade/back/put_back.hpp"
#include "upgrade/back/replaced_container.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/site/sites.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kContainer = "container";

// A container that no file describes is its own declaration: one of the new image is made like it, and has
// its name from here on.
class RecreateStep final : public TargetStep {
 public:
  std::string_view name() const override { return "recreate"; }
  std::vector<Point> passes() const override { return {Point::declares}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("container {} on {}; the old one stays as {}", target.container_name,
                         target.new_image, aside_name(plan, target));
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    // A cluster that still stands in its place may have been served meanwhile.
    if (target.keeps_old) refuse_old_server_that_ran_again(context, target);
    replace_container(context, target, context.datum(target, kContainer),
                      [&](const std::string& id) { context.record(target, kContainer, id); });
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return is_replaced(context, target, context.datum(target, kContainer));
  }

  // Somebody may have removed it since.
  void recheck_for(StepContext& context, const TargetPlan& target) override {
    if (!context.journal.begun(Point::releases_clients) && !holds_for(context, target))
      apply_to(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    bring_container_back(context, target, context.datum(target, kContainer));
  }
};

}  // namespace

std::unique_ptr<Step> make_recreate_step() {
  return std::make_unique<RecreateStep>();
}

}  // namespace pgupgrade::upgrade
