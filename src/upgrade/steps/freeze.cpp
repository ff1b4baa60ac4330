#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/clients/logins.hpp"
#include "upgrade/run/for_targets.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kLoginsTried = "logins_tried";

// Nobody writes from here on, and nothing starts by itself: neither clients nor the old server.
class FreezeStep final : public Step {
 public:
  std::string_view name() const override { return "freeze"; }
  std::vector<Point> passes() const override { return {Point::stops_clients}; }

  std::string describe(const Plan& plan) const override {
    std::vector<std::string> names;
    for (const ClientFacts& client : plan.clients) names.push_back(client.container_name);
    return names.empty() ? "no other containers" : join(names, ", ");
  }

  void apply(StepContext& context) override {
    // Which passwords get in today is what they are held to at the end.
    for_targets(context, record_working_logins);
    context.journal.record_data(context.step, kLoginsTried, "yes");
    context.reach("logins-recorded");
    for_targets(context, [](StepContext& own, const TargetPlan& target) {
      const auto info = own.world.engine.inspect_container(target.container_id);
      if (info) hold_restart_policy(own, info->id, info->auto_remove);
    });
    stop_clients(context);
  }

  bool holds(StepContext& context) override {
    const auto targets = context.targets();
    return context.journal.datum(context.step, kLoginsTried) == "yes" && clients_stopped(context) &&
           std::all_of(targets.begin(), targets.end(), [&](const TargetPlan* target) {
             return restart_policy_held(context, target->container_id);
           });
  }

  void recheck(StepContext& context) override { stop_clients_until_thaw(context); }

  void undo(StepContext& context) override {
    for (const TargetPlan* target : context.targets()) undo_for(context, *target);
    context.reach("policies-back");
    start_clients(context);
  }

  // The clients wait for the other servers as well.
  void undo_for(StepContext& context, const TargetPlan& target) override {
    give_back_restart_policy(context, target, target.container_id);
    start_if_down(context, target);
  }

  std::string detail(StepContext& context) override {
    return plural(context.plan().clients.size(), "container");
  }

 private:
  // While its policy was held the engine, or the machine, may have been started again, and did not bring it
  // back.
  static void start_if_down(StepContext& context, const TargetPlan& target) {
    const auto info = context.world.engine.inspect_container(target.container_id);
    if (info && !info->running()) context.world.engine.start_container(info->id);
  }

  // Somebody may have started an application while the run stood still.
  static void stop_clients_until_thaw(StepContext& context) {
    if (!context.journal.begun(Point::releases_clients)) stop_clients(context);
  }
};

}  // namespace

std::unique_ptr<Step> make_freeze_step() {
  return std::make_unique<FreezeStep>();
}

}  // namespace pgupgrade::upgrade
