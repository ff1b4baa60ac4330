#include "pgupgrade/base/error.hpp"
#include "upgrade/back/new_writes.hpp"
#include "upgrade/back/way_back.hpp"
#include "upgrade/run/for_targets.hpp"
#include "upgrade/strategy/strategies.hpp"

namespace pgupgrade::upgrade {
namespace {

bool is_whole_and_unwritten(StepContext& context, const TargetPlan& target) {
  if (context.journal.begun(Point::serves) && may_have_been_written(context, target)) return false;
  strategy_of(context.plan()).way_back(context.plan()).prove_for(context, target);
  return true;
}

}  // namespace

bool can_go_back_alone(StepContext& context, const TargetPlan& target) {
  if (!context.journal.begun(Point::replaces_data)) return true;
  try {
    return is_whole_and_unwritten(context, target);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::engine_unreachable) throw;
    return false;
  }
}

}  // namespace pgupgrade::upgrade
