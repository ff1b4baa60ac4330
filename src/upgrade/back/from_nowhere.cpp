#include "upgrade/back/way_back.hpp"

namespace pgupgrade::upgrade {
namespace {

class FromNowhere final : public WayBack {
 public:
  void prove_for(StepContext&, const TargetPlan&) const override {}

  std::string old_data(const RunState&) const override { return "the old data is in its place, untouched"; }

  std::string by_hand(const Journal&, const TargetPlan&, const Error&) const override {
    return "nothing of yours was changed; once the cause is fixed, pgupgrade cleanup removes what is left";
  }
};

}  // namespace

const WayBack& from_nowhere() {
  static const FromNowhere way;
  return way;
}

}  // namespace pgupgrade::upgrade
