#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kCopied = "copied";

// While everything runs: a copy of the old cluster, and a standby that keeps it up to date.
class CopyStep final : public TargetStep {
 public:
  std::string_view name() const override { return "copy"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("{} into {}, the server runs on", data_name(target.data_mount),
                         data_name(target.aside.mount));
    });
  }

  Artefacts artefacts(const RunFiles&, const Plan&, const TargetPlan& target) const override {
    return {.files = {}, .volumes = aside_volumes(target)};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    WorkServer(context, target, Side::old).discard();
    make_aside(context, target);
    context.reach("aside-made");
    make_copy(context, target);
    context.record(target, kCopied, "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, kCopied);
  }

  // What the standby has missed while it did not run, the server may not have any more.
  bool is_spoilt(StepContext& context, const TargetPlan& target) override {
    if (context.journal.begun(Point::stops_clients)) return false;
    return !follows_again(context, target);
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    WorkServer(context, target, Side::old).discard();
    WorkServer(context, target, Side::fresh).discard();
    give_up_aside(context, target);
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override {
    return human_bytes(static_cast<std::uint64_t>(target.data_bytes));
  }

 private:
  // A standby that runs is in the network that the server's container had when it came; the container may
  // have been started anew since.
  static bool follows_again(StepContext& context, const TargetPlan& target) {
    WorkServer server(context, target, Side::old);
    if (server.is_running() && !server.ensure()->standby_state().streaming) server.discard();
    try {
      wait_until_following(context, target);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::failed) throw;
      return false;
    }
  }
};

}  // namespace

std::unique_ptr<Step> make_copy_step() {
  return std::make_unique<CopyStep>();
}

}  // namespace pgupgrade::upgrade
