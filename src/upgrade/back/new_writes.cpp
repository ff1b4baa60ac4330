#include "upgrade/back/new_writes.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "upgrade/back/put_back.hpp"
#include "upgrade/clients/clients.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/sandbox/service_container.hpp"
#include "upgrade/sandbox/stop_server.hpp"

namespace pgupgrade::upgrade {
namespace {

ControlData new_control_data(StepContext& context, const TargetPlan& target) {
  return control_data(context, target, new_image_id(context, target), new_data_mount(context, target),
                      target.new_pgdata);
}

bool may_have_been_written(StepContext& context, const TargetPlan& target,
                           const std::optional<docker::ContainerInfo>& container) {
  const std::string before = context.known(target).next_transaction;
  if (before.empty()) return container.has_value();
  if (container) {
    hold_restart_policy(context, container->id, container->auto_remove);
    stop_server(context.world, container->id, target.new_pgdata);
  }
  const ControlData now = new_control_data(context, target);
  return now.state != "shut down" || now.next_transaction != before;
}

// Somebody, or a machine that was booted, may have had Compose start the edited service before the run did.
bool was_started_by_others(StepContext& context, const TargetPlan& target) {
  const bool edited = target.keeps_old && context.journal.ever_begun(Point::declares);
  if (!was_emptied(context, target) && !edited) return false;
  const auto container = find_new_container(context.world, context.plan(), target);
  return container && container->image_id == new_image_id(context, target) &&
         container->status != docker::ContainerStatus::created;
}

// A refused rollback leaves a server as it was found.
void give_back(StepContext& context, const TargetPlan& target, const docker::ContainerInfo& found) {
  give_back_restart_policy(context, target, found.id);
  if (found.running()) context.world.engine.start_container(found.id);
}

}  // namespace

// The first attempt's counts: what an earlier one let in is not to be forgotten.
void remember_unused(StepContext& context, const TargetPlan& target) {
  if (!context.known(target).next_transaction.empty()) return;
  const std::string next = new_control_data(context, target).next_transaction;
  context.learn(target, [&](TargetState& state) { state.next_transaction = next; });
}

bool may_have_been_written(StepContext& context, const TargetPlan& target) {
  const auto found = find_new_container(context.world, context.plan(), target);
  const bool written = may_have_been_written(context, target, found);
  if (written && found) give_back(context, target, *found);
  return written;
}

bool may_have_been_written(StepContext& context) {
  auto targets = context.journal.targets_not_back();
  std::erase_if(targets, [&](const TargetPlan* target) {  // its new server is gone already
    const TargetRecord* record = context.journal.find(context.step, target->service);
    return record != nullptr && record->phase == StepPhase::undone;
  });
  if (!context.journal.ever_begun(Point::serves)) {
    return std::any_of(targets.begin(), targets.end(),
                       [&](const TargetPlan* target) { return was_started_by_others(context, *target); });
  }
  if (!context.journal.begun(Point::serves)) return false;
  bool written = false;
  std::vector<std::optional<docker::ContainerInfo>> found;
  for (const TargetPlan* target : targets) {
    found.push_back(find_new_container(context.world, context.plan(), *target));
    written = may_have_been_written(context, *target, found.back()) || written;
  }
  for (std::size_t index = 0; written && index < targets.size(); ++index)
    if (found[index]) give_back(context, *targets[index], *found[index]);
  return written;
}

}  // namespace pgupgrade::upgrade
