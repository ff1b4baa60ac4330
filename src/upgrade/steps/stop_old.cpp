#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/wait.hpp"
#include "upgrade/back/old_container.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/await_server.hpp"
#include "upgrade/sandbox/stop_server.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr Patience kRecoveryPatience{.most = std::chrono::minutes(30)};

// SIGINT is PostgreSQL's "fast" stop. There is no time-out behind which a kill waits: a checkpoint takes as
// long as it takes, and only pg_controldata says whether it was complete.
class StopOldStep final : public TargetStep {
 public:
  std::string_view name() const override { return "stop-old"; }
  std::vector<Point> passes() const override { return {Point::stops_server}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return target.container_name; });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    stop(context, target);
    context.reach("stopped");
    if (!is_shut_down(context, target)) {
      recover(context, target);
      if (!is_shut_down(context, target))
        throw Error(ErrorKind::failed, "E-NOT-SHUT-DOWN",
                    fmt::format("could not stop the old server of service \"{}\" cleanly", target.service));
    }
    if (const auto info = context.world.engine.inspect_container(target.container_id)) {
      context.learn(target, [&](TargetState& state) { state.old_started_at = info->started_at; });
    }
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const auto info = context.world.engine.inspect_container(target.container_id);
    if (info && (info->running() || context.known(target).old_started_at != info->started_at)) return false;
    return is_shut_down(context, target);
  }

  bool looks_itself() const override { return true; }

  // The old container may have been started or replaced by hand while the run stood still, and stopped again.
  void recheck_for(StepContext& context, const TargetPlan& target) override {
    if (context.journal.passed(Point::serves)) return;
    // While others are still to be stopped nothing has been taken from the data yet.
    if (!context.journal.passed(Point::stops_server) && !holds_for(context, target))
      return apply_to(context, target);
    refuse_old_server_that_ran_again(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    put_back_lost_data(context, target);
    context.reach("data-back");
    start_old_server(context, target);
    context.reach("started-again");
    wait_until_ready(context, target);
  }

 private:
  static bool is_shut_down(StepContext& context, const TargetPlan& target) {
    return cluster_state(context, target, target.old_image_id, target.data_mount, target.old_pgdata) ==
           "shut down";
  }

  static void stop(StepContext& context, const TargetPlan& target) {
    context.reach("before-signal");
    stop_server(context.world, target.container_id, target.old_pgdata,
                [&] { context.progress("container " + target.container_name, 0, 0, Progress::Unit::items); });
  }

  // An unclean end (out of memory, a kill from outside): the old server recovers by starting once more, alone
  // in its own container.
  static void recover(StepContext& context, const TargetPlan& target) {
    context.warn("W-NOT-SHUT-DOWN",
                 fmt::format("the cluster of service {} was not shut down cleanly; the old server "
                             "recovers it",
                             target.service));
    context.world.engine.start_container(target.container_id);
    wait_until_ready(context, target);
    stop(context, target);
  }

  // Recovery may take long. A server that does not come up is no success of anything.
  static void wait_until_ready(StepContext& context, const TargetPlan& target) {
    await_server(
        context.world,
        {.find = [&] { return find_service_container(context.world, context.plan(), target.service); },
         .code = "E-OLD-SERVER",
         .problem = fmt::format("could not reach the old server of service \"{}\" in container {}",
                                target.service, target.container_name),
         .patience = kRecoveryPatience});
  }
};

}  // namespace

std::unique_ptr<Step> make_stop_old_step() {
  return std::make_unique<StopOldStep>();
}

}  // namespace pgupgrade::upgrade
