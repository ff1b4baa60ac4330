#include "upgrade/new_writes.hpp"

#include "upgrade/clients.hpp"
#include "upgrade/data_volume.hpp"
#include "upgrade/service_container.hpp"
#include "upgrade/stop_server.hpp"
#include "upgrade/work_server.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kNextTransaction = "next_transaction";

ControlData new_control_data(StepContext& context, const TargetPlan& target) {
  return control_data(context, target, new_image_id(context, target), new_data_mount(target),
                      target.new_pgdata);
}

bool may_have_been_written(StepContext& context, const TargetPlan& target) {
  const auto container = find_new_container(context.world, context.plan(), target);
  const std::string before = context.datum_of("start", target, kNextTransaction);
  if (before.empty()) return container.has_value();
  if (container) {
    hold_restart_policy(context, container->id, container->auto_remove);
    stop_server(context.world, container->id, target.new_pgdata);
  }
  const ControlData now = new_control_data(context, target);
  return now.state != "shut down" || now.next_transaction != before;
}

}  // namespace

// The first attempt's counts: what an earlier one let in is not to be forgotten.
void remember_unused(StepContext& context, const TargetPlan& target) {
  if (!context.datum(target, kNextTransaction).empty()) return;
  context.record(target, kNextTransaction, new_control_data(context, target).next_transaction);
}

bool may_have_been_written(StepContext& context) {
  const StepRecord* start = context.journal.find("start");
  if (start == nullptr || start->phase == StepPhase::undone) return false;
  bool written = false;
  for (const TargetPlan& target : context.plan().targets)
    written = may_have_been_written(context, target) || written;
  return written;
}

}  // namespace pgupgrade::upgrade
