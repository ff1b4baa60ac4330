#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/wait.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "upgrade/back/new_writes.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/clients/compose_files.hpp"
#include "upgrade/clients/logins.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/sandbox/stop_server.hpp"
#include "upgrade/sandbox/work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::minutes kPatience{10};
constexpr std::size_t kMostStarts = 4;

// The service as the user's own file now describes it, through Compose, on its own network: the right
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
    std::vector<std::string> services;
    for (const TargetPlan& target : context.plan().targets) {
      WorkServer(context, target, Side::fresh).stop();  // fine when verify has stopped it already
      services.push_back(target.service);
    }
    for (const TargetPlan& target : context.plan().targets) {
      refuse_others(context, target);
      remember_unused(context, target);
    }
    context.world.compose.up(location_after(context.plan(), context.journal.files()), services, kPatience);
    context.reach("up");
    for (const TargetPlan& target : context.plan().targets) {
      const auto container = wait_for_container(context, target);
      give_back_restart_policy(context, target, container.id);  // an earlier rollback may have held it
      context.reach("healthy");
      prove(context, target, container);
      context.record(target, "container", container.id);
    }
  }

  bool holds(StepContext& context) override {
    for (const TargetPlan& target : context.plan().targets) {
      const auto container = find_service_container(context.world, context.plan(), target.service);
      if (!container || !container->running() || container->id != context.datum(target, "container"))
        return false;
    }
    return true;
  }

  // The machine may have gone down since, and a service without a restart policy with it.
  void recheck(StepContext& context) override {
    if (!context.journal.passed(Point::releases_clients) && !holds(context)) apply(context);
  }

  void undo(StepContext& context) override {
    for (const TargetPlan& target : context.plan().targets) {
      // The old container, never replaced, is stop-old's business.
      const auto container = find_new_container(context.world, context.plan(), target);
      if (!container) continue;
      hold_restart_policy(context, container->id, container->auto_remove);
      context.reach("policy-held");
      stop_server(context.world, container->id, target.new_pgdata);
    }
  }

 private:
  // The new container may be there already, when an earlier attempt was cut off.
  static void refuse_others(StepContext& context, const TargetPlan& target) {
    const auto container = find_service_container(context.world, context.plan(), target.service);
    refuse_other_users(context, target, container ? container->id : "");
  }

  static docker::ContainerInfo wait_for_container(StepContext& context, const TargetPlan& target) {
    std::optional<docker::ContainerInfo> container;
    std::string last = "there is no container";
    std::set<std::string> starts;
    const bool ready = wait_until(context.world.clock, context.world.cancellation, {.most = kPatience}, [&] {
      container = find_service_container(context.world, context.plan(), target.service);
      if (!container) return false;
      if (!container->running() && container->status != docker::ContainerStatus::created) {
        fail(context, target, *container,
             fmt::format("it exited with {}", container->exit_code.value_or(-1)));
      }
      // With a restart policy the engine would try for ever.
      starts.insert(container->started_at);
      if (starts.size() > kMostStarts) fail(context, target, *container, "it keeps restarting");
      last = "its health is " + (container->health.empty() ? "not declared" : container->health);
      const bool healthy = container->health.empty() || container->health == "healthy";
      return container->status == docker::ContainerStatus::running && healthy &&
             accepts_connections(context.world, container->id);
    });
    if (ready) return *container;
    if (container) fail(context, target, *container, last);
    throw Error(
        ErrorKind::failed, "E-START",
        fmt::format("could not start service \"{}\" on {}: {}", target.service, target.new_image, last),
        "check its log: docker compose logs " + target.service);
  }

  [[noreturn]] static void fail(StepContext& context, const TargetPlan& target,
                                const docker::ContainerInfo& container, const std::string& why) {
    throw Error(ErrorKind::failed, "E-START",
                fmt::format("could not start service \"{}\" on {}: {}{}", target.service, target.new_image,
                            why, log_end(context.world, container.id)),
                "check its log: docker logs " + container.name);
  }

  static void prove(StepContext& context, const TargetPlan& target, const docker::ContainerInfo& container) {
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
