#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The new cluster comes where the old one was, and the old one, as it is, where the new one was: one system
// call each, here and back.
class ExchangeStep final : public TargetStep {
 public:
  std::string_view name() const override { return "exchange"; }
  std::vector<Point> passes() const override { return {Point::replaces_data, Point::fills_place}; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [](const TargetPlan& target) {
      return fmt::format("old data of {} into {}{}; the new cluster into its place",
                         data_name(target.data_mount), data_name(target.aside.mount),
                         has_copy(target) ? ", untouched" : "");
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    if (where_old_data_is(context, target) == OldPlace::aside) return;
    refuse_old_server_that_ran_again(context, target);
    refuse_other_users(context, target);
    refuse_changed(context, target);
    context.reach("before-exchange");
    exchange_with_aside(context, target);
    context.reach("exchanged");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return where_old_data_is(context, target) == OldPlace::aside;
  }

  void undo_for(StepContext& context, const TargetPlan& target) override {
    const OldPlace where = where_old_data_is(context, target);
    if (where == OldPlace::in_place) return;
    if (where == OldPlace::nowhere) refuse_missing(target);
    exchange_back(context, target);
    context.reach("exchanged-back");
  }

 private:
  [[noreturn]] static void refuse_missing(const TargetPlan& target) {
    throw Error(ErrorKind::failed, "E-DATA-GONE",
                fmt::format("could not find the old data of {}: it is neither there nor in {}",
                            data_name(target.data_mount), data_name(target.aside.mount)),
                "pgupgrade did not remove it");
  }

  // A server has run on it since its copy or its dump was found complete, in whatever container.
  static void refuse_changed(StepContext& context, const TargetPlan& target) {
    const auto old = control_data(context, target, target.old_image_id, target.data_mount, target.old_pgdata);
    if (old.state == "shut down" && old.checkpoint == context.known(target).copied_checkpoint) return;
    throw Error(ErrorKind::refused, "E-DRIFT",
                fmt::format("cannot continue: {} has changed since its {} was completed",
                            data_name(target.data_mount), has_copy(target) ? "copy" : "dump"),
                "run `pgupgrade rollback`, then start over");
  }
};

}  // namespace

std::unique_ptr<Step> make_exchange_step() {
  return std::make_unique<ExchangeStep>();
}

}  // namespace pgupgrade::upgrade
