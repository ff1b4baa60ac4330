#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/image_check.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/fetch_image.hpp"
#include "upgrade/sandbox/image_probe.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The new image is on the engine and fits: checked here at the latest, before anything is stopped.
class PullStep final : public TargetStep {
 public:
  std::string_view name() const override { return "pull"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) { return target.new_image; });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (!context.world.engine.inspect_image(target.new_image)) pull(context, target);
    context.reach("pulled");
    ImageFacts image = probe_image(context.world, context.plan().run_id, target.service, target.new_image);
    const auto unknown = planning::unknown_settings(target.inventory, image);
    try_settings(context.world, context.plan().run_id, target.service, target.inventory, image);
    refuse_unfit(context, target, image);
    refuse_root(target, image);
    const std::string& run = context.plan().run_id;
    const NewImage taken{.id = image.id,
                         .version = image.version,
                         .owner = owner_for(context.world, run, target.service, image, target.user),
                         .builder = owner_for(context.world, run, target.service, image, {}),
                         .settings_known = true,
                         .unknown_settings = unknown};
    context.learn(target, [&](TargetState& state) { state.image = taken; });
    old_owner(context, target);  // so that nobody has to ask in the downtime
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    const auto image = context.world.engine.inspect_image(target.new_image);
    return image && image->id == context.known(target).image.id;
  }

  void recheck_for(StepContext& context, const TargetPlan& target) override {
    const auto image = context.world.engine.inspect_image(target.new_image);
    const std::string recorded = context.known(target).image.id;
    if (image && image->id == recorded) return;
    throw Error(ErrorKind::refused, "E-DRIFT",
                fmt::format("cannot continue: image {} is {}, but the run started with {}", target.new_image,
                            image ? image->id : "gone", recorded),
                "restore the tag of the run's image: " + tag_command(recorded, target.new_image));
  }

  std::string detail_of(StepContext& context, const TargetPlan& target) override {
    return context.known(target).image.version;
  }

 private:
  // initdb does not run as root.
  static void refuse_root(const TargetPlan& target, const ImageFacts& image) {
    if (image.postgres_uid != 0) return;
    throw Error(
        ErrorKind::refused, "E-USER",
        fmt::format("could not make a cluster of service \"{}\" with image {}: it has no user \"postgres\"",
                    target.service, target.new_image),
        "name another image with --image");
  }

  static void pull(StepContext& context, const TargetPlan& target) {
    try {
      fetch_image(context.world, target.new_image,
                  [&](const std::string& layer, std::int64_t done, std::int64_t total) {
                    context.progress(fmt::format("{} {}", target.new_image, layer), done, total,
                                     Progress::Unit::bytes);
                  });
    } catch (const Error& error) {
      if (!error.is("E-PULL")) throw;
      throw Error(error.kind(), "E-PULL", error.what(),
                  fmt::format("{}; or name another image of PostgreSQL {} with --image", error.hint(),
                              target.new_major));
    }
  }

  static void refuse_unfit(StepContext& context, const TargetPlan& target, const ImageFacts& image) {
    for (const Diagnostic& found : planning::check_image(target, image, context.plan().acknowledged)) {
      if (found.severity == Severity::error) {
        throw refusal(found);
      }
      context.listener.message(found);
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_pull_step() {
  return std::make_unique<PullStep>();
}

}  // namespace pgupgrade::upgrade
