#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/wait.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/image_probe.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/sandbox/stop_server.hpp"
#include "upgrade/sandbox/work.hpp"
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
    if (cluster_state(context, target, target.old_image_id, target.data_mount, target.old_pgdata) !=
        "shut down") {
      recover(context, target);
    }
    if (const auto info = context.world.engine.inspect_container(target.container_id)) {
      context.learn(target, [&](TargetState& state) { state.old_started_at = info->started_at; });
    }
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const auto info = context.world.engine.inspect_container(target.container_id);
    if (info && (info->running() || context.known(target).old_started_at != info->started_at)) return false;
    return cluster_state(context, target, target.old_image_id, target.data_mount, target.old_pgdata) ==
           "shut down";
  }

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
    run_again(context, target);
    context.reach("started-again");
    wait_until_ready(context, target);
  }

 private:
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
    std::string name = target.container_name;
    bool answers = false;
    wait_until(context.world.clock, context.world.cancellation, kRecoveryPatience, [&] {
      const auto info = find_service_container(context.world, context.plan(), target.service);
      if (!info || !info->running()) return true;
      name = info->name;
      answers = accepts_connections(context.world, info->id);
      return answers;
    });
    if (answers) return;
    throw Error(
        ErrorKind::failed, "E-OLD-SERVER",
        fmt::format("could not reach the old server of service \"{}\" in container {}: it does not accept "
                    "connections{}",
                    target.service, name, log_end(context.world, name)),
        fmt::format("check its log: docker logs {}", name));
  }

  // What the old image's tag names now, when that is not the old version; else nothing. A newer build of the
  // same version is what Compose would start as well.
  static std::string other_version(StepContext& context, const TargetPlan& target) {
    const auto image = context.world.engine.inspect_image(target.old_image);
    // With neither tag nor image Compose pulls what the tag names elsewhere.
    if (!image) return context.world.engine.inspect_image(target.old_image_id) ? "gone" : "";
    if (image->id == target.old_image_id) return {};
    try {
      const ImageFacts facts =
          probe_image(context.world, context.plan().run_id, target.service, target.old_image);
      return facts.major == target.old_major ? std::string() : fmt::format("PostgreSQL {}", facts.major);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::failed) throw;
      return "another image";
    }
  }

  // The user's files, and one that names the old image by its id where its tag names another now.
  static ProjectLocation old_location(StepContext& context, const TargetPlan& target) {
    ProjectLocation location = context.plan().location;
    const std::string now = other_version(context, target);
    if (now.empty()) return location;
    const std::string tag = fmt::format("docker tag {} {}", target.old_image_id, target.old_image);
    if (!context.world.engine.inspect_image(target.old_image_id))
      throw Error(
          ErrorKind::failed, "E-OLD-IMAGE",
          fmt::format("could not start service \"{}\" again: its image {} is {} now, and that of its data "
                      "(PostgreSQL {}) is not on the engine any more",
                      target.service, target.old_image, now, target.old_major),
          fmt::format("pull an image of PostgreSQL {} as {}", target.old_major, target.old_image));
    const auto file = context.journal.files().directory / fmt::format("old-image-{}.json", target.service);
    const boost::json::object service{{"image", target.old_image_id}, {"pull_policy", "never"}};
    write_file_durably(
        file,
        json::pretty(boost::json::object{{"services", boost::json::object{{target.service, service}}}}));
    location.files.push_back(file);
    context.warn(
        "W-OLD-IMAGE",
        fmt::format("service {} runs on the image that it had, but its tag {} is {} now; before Compose "
                    "makes the container anew: {}",
                    target.service, target.old_image, now, tag));
    return location;
  }

  static void run_again(StepContext& context, const TargetPlan& target) {
    const auto info = context.world.engine.inspect_container(target.container_id);
    if (info) {
      if (!info->running()) context.world.engine.start_container(info->id);
      return;
    }
    // Compose has replaced the old container since; it makes it again from the old file.
    context.world.compose.up(old_location(context, target), {target.service}, std::chrono::minutes(10));
  }
};

}  // namespace

std::unique_ptr<Step> make_stop_old_step() {
  return std::make_unique<StopOldStep>();
}

}  // namespace pgupgrade::upgrade
