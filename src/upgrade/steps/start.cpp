#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/new_writes.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/clients/logins.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/for_targets.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/await_server.hpp"
#include "upgrade/sandbox/stop_server.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};

// The service as it is declared now, on its own network: the right
// version, the right data, healthy, and every password that worked before works again.
class StartStep final : public Step {
 public:
  std::string_view name() const override { return "start"; }
  std::vector<Point> passes() const override { return {Point::serves}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("service {} on {}", target.service, target.new_image);
    });
  }

  void apply(StepContext& context) override {
    for_targets(context, [](StepContext& own, const TargetPlan& target) {
      WorkServer(own, target, Side::fresh).stop();  // fine when verify has stopped it already
    });
    for_targets(context, [](StepContext& own, const TargetPlan& target) {
      refuse_others(own, target);
      remember_unused(own, target);
    });
    site_of(context.plan()).start(context);
    context.reach("up");
    for_targets(context, see_served);
  }

  bool holds(StepContext& context) override {
    const auto targets = context.targets();
    return std::all_of(targets.begin(), targets.end(), [&](const TargetPlan* target) {
      const auto container = find_service_container(context.world, context.plan(), target->service);
      return container && container->running() && container->id == context.datum(*target, "container");
    });
  }

  // The machine may have gone down since, and a service without a restart policy with it.
  void recheck(StepContext& context) override {
    if (!context.journal.passed(Point::releases_clients) && !holds(context)) apply(context);
  }

  void undo(StepContext& context) override {
    for (const TargetPlan* target : context.targets()) undo_for(context, *target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    // The old container, never replaced, is stop-old's business.
    const auto container = find_new_container(context.world, context.plan(), target);
    if (!container) return;
    hold_restart_policy(context, container->id, container->auto_remove);
    context.reach("policy-held");
    stop_server(context.world, container->id, target.new_pgdata);
  }

 private:
  static void see_served(StepContext& context, const TargetPlan& target) {
    const auto container = await_server(context.world, awaited(context, target));
    give_back_restart_policy(context, target, container.id);  // an earlier rollback may have held it
    context.reach("healthy");
    prove(context, target, container);
    context.record(target, "container", container.id);
  }

  // The new container may be there already, when an earlier attempt was cut off.
  static void refuse_others(StepContext& context, const TargetPlan& target) {
    const auto container = find_service_container(context.world, context.plan(), target.service);
    refuse_other_users(context, target, container ? container->id : "");
  }

  static AwaitedServer awaited(const StepContext& context, const TargetPlan& target) {
    return {.find = [&world = context.world, &plan = context.plan(),
                     &target] { return find_service_container(world, plan, target.service); },
            .code = "E-START",
            .problem = fmt::format("could not start service \"{}\" on {}", target.service, target.new_image),
            .patience = {.most = kPatience},
            .need = AwaitedServer::Need::health};
  }

  [[noreturn]] static void fail(StepContext& context, const TargetPlan& target,
                                const ServiceContainer& container, const std::string& why) {
    fail_server(context.world, awaited(context, target), container, why);
  }

  static void prove(StepContext& context, const TargetPlan& target, const ServiceContainer& container) {
    const RunningServer server = read_running_server(context.world, container, target.inventory.superuser);
    if (server.version_num / 10000 != target.new_major) {
      fail(context, target, container, fmt::format("it is PostgreSQL {}", server.version_num / 10000));
    }
    const bool planned_mount =
        std::any_of(container.mounts.begin(), container.mounts.end(), [&](const Mount& mount) {
          return mount.kind == target.data_mount.kind && mount.source == target.data_mount.source &&
                 mount.target == target.new_data_target;
        });
    if (server.data_directory != target.new_pgdata || !planned_mount) {
      fail(context, target, container,
           fmt::format("its data directory is {} and not {} on {}", server.data_directory, target.new_pgdata,
                       data_name(target.data_mount)));
    }
    const LoginCheck logins = repeat_logins(context, target, container.id);
    if (!logins.refused.empty()) {
      throw Error(ErrorKind::failed, "E-LOGIN",
                  fmt::format("could not log in to service \"{}\" with a password that worked before: {}",
                              target.service, join(logins.refused, "; ")),
                  "pgupgrade rollback brings the old cluster back");
    }
    context.learn(target, [&](TargetState& state) { state.logins_repeated = logins.tried; });
  }
};

}  // namespace

std::unique_ptr<Step> make_start_step() {
  return std::make_unique<StartStep>();
}

}  // namespace pgupgrade::upgrade
