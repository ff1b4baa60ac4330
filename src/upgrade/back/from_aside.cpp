#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"
#include "upgrade/back/way_back.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string places(const Plan& plan) {
  std::vector<std::string> names;
  for (const TargetPlan& target : plan.targets) names.push_back(data_name(target.aside.mount));
  return join(names, ", ");
}

class FromAside final : public WayBack {
 public:
  void prove(StepContext& context) const override {
    for (const TargetPlan& target : context.plan().targets) {
      if (where_old_data_is(context, target) != OldPlace::nowhere) continue;
      Error error(ErrorKind::failed, "E-DATA-GONE",
                  fmt::format("could not find the old data of {}: it is neither there nor in {}",
                              data_name(target.data_mount), data_name(target.aside.mount)),
                  "nothing was changed; pgupgrade did not remove it");
      error.set_moment(Moment::going_back);
      throw error;
    }
  }

  std::string old_data(const RunState& state) const override {
    if (state.outcome == RunOutcome::cleaned)
      return state.direction == Direction::back ? "the copy was removed" : "the old data was removed";
    if (state.outcome == RunOutcome::succeeded)
      return fmt::format("the old data is untouched in {}", places(state.plan));
    return fmt::format("the old data ({}) is untouched, in its place or in {}", old_versions(state.plan),
                       places(state.plan));
  }

  std::string by_hand(const Journal&, const TargetPlan& target, const Error&) const override {
    return fmt::format(
        "the old data of {0} is untouched: in {1}, or already in its place; run pgupgrade rollback again "
        "once the "
        "cause is fixed, or let {1}/new and {2} change places yourself and start the old image {3}",
        data_name(target.data_mount), target.aside.directory, target.aside.data_directory, target.old_image);
  }
};

}  // namespace

const WayBack& from_aside() {
  static const FromAside way;
  return way;
}

}  // namespace pgupgrade::upgrade
