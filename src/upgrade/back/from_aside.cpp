#include <fmt/format.h>

#include <algorithm>
#include <string_view>

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

// Its server runs on it once more: for the dump of what has no copy, or to compare the rows in the end.
const char* kept(const Plan& plan, const TargetPlan& target) {
  return has_copy(target) && plan.verify != Verify::deferred ? "untouched" : "kept";
}

const char* kept(const Plan& plan) {
  const auto is_untouched = [&](const TargetPlan& target) {
    return kept(plan, target) == std::string_view("untouched");
  };
  return std::all_of(plan.targets.begin(), plan.targets.end(), is_untouched) ? "untouched" : "kept";
}

class FromAside final : public WayBack {
 public:
  void prove_for(StepContext& context, const TargetPlan& target) const override {
    if (where_old_data_is(context, target) != OldPlace::nowhere) return;
    Error error(ErrorKind::failed, "E-DATA-GONE",
                fmt::format("could not find the old data of {}: it is neither there nor in {}",
                            data_name(target.data_mount), data_name(target.aside.mount)),
                "nothing was changed; pgupgrade did not remove it");
    error.set_moment(Moment::going_back);
    throw error;
  }

  std::string old_data(const RunState& state) const override {
    if (state.outcome == RunOutcome::cleaned)
      return state.direction == Direction::back ? "the new cluster was removed" : "the old data was removed";
    const char* how = kept(state.plan);
    if (state.outcome == RunOutcome::succeeded)
      return fmt::format("the old data is {} in {}", how, places(state.plan));
    return fmt::format("the old data ({}) is {}, in its place or in {}", old_versions(state.plan), how,
                       places(state.plan));
  }

  std::string by_hand(const Journal& journal, const TargetPlan& target, const Error&) const override {
    const Plan& plan = journal.state().plan;
    const std::string dump = is_dumped(plan) ? fmt::format("; its dump is in volume {}",
                                                           dump_volume_name(plan.run_id, target.service))
                                             : std::string();
    return fmt::format(
        "the old data of {0} is {4}: in {1}, or already in its place{5}; run pgupgrade rollback again "
        "once the cause is fixed, or let {1}/new and {2} change places yourself and start the old image {3}",
        data_name(target.data_mount), target.aside.directory, target.aside.data_directory, target.old_image,
        kept(plan, target), dump);
  }
};

}  // namespace

const WayBack& from_aside() {
  static const FromAside way;
  return way;
}

}  // namespace pgupgrade::upgrade
