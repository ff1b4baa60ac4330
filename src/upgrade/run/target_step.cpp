#include "upgrade/run/target_step.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/for_targets.hpp"

namespace pgupgrade::upgrade {
namespace {

bool is_recorded(const StepContext& context, const TargetPlan& target, StepPhase phase) {
  const TargetRecord* record = context.journal.find(context.step, target.service);
  return record != nullptr && record->phase == phase;
}

}  // namespace

void TargetStep::apply(StepContext& context) {
  for_targets(context, [&](StepContext& own, const TargetPlan& target) {
    if (!is_finished(own, target)) carry_out(own, target);
  });
}

// By an earlier process.
bool TargetStep::is_finished(StepContext& context, const TargetPlan& target) {
  if (is_recorded(context, target, StepPhase::done)) {
    recheck_for(context, target);
    return true;
  }
  // Of one that is alone the runner has asked; and one that was never begun is not to be asked for.
  const bool alone = context.plan().targets.size() == 1;
  const bool begun = is_recorded(context, target, StepPhase::started) || context.is_repeated(target);
  if (alone || !begun || !holds_for(context, target)) return false;
  context.journal.record_target_done(context.step, target.service);
  return true;
}

// Of those that go one after the other the runner confirms the last, and records it with the step.
void TargetStep::carry_out(StepContext& context, const TargetPlan& target) {
  context.journal.record_target_started(context.step, target.service);
  apply_to(context, target);
  {
    const std::lock_guard lock(mutex_);
    applied_.insert(target.service);
  }
  const bool alone_fails = context.plan().keep_going;
  if (context.at_once() == 1 && &target == &context.plan().targets.back() && !alone_fails) return;
  context.reach("one-applied");
  if (!is_confirmed(context, target)) {
    throw Error(ErrorKind::failed, "E-STEP",
                fmt::format("step {} ran, but its result could not be confirmed", context.step));
  }
  if (context.journal.record_target_done(context.step, target.service)) context.reach("one-done");
}

bool TargetStep::is_confirmed(StepContext& context, const TargetPlan& target) {
  {
    const std::lock_guard lock(mutex_);
    if (looks_itself() && applied_.contains(target.service)) return true;
  }
  return holds_for(context, target);
}

bool TargetStep::holds(StepContext& context) {
  const auto targets = context.targets();
  return std::all_of(targets.begin(), targets.end(), [&](const TargetPlan* target) {
    if (is_recorded(context, *target, StepPhase::done)) return true;
    return context.journal.attempt(context.step, target->service) > 0 && is_confirmed(context, *target);
  });
}

// A world that no longer fits is for the user to put right: nobody is given up for it.
void TargetStep::recheck(StepContext& context) {
  for (const TargetPlan* target : context.targets()) recheck_for(context, *target);
}

std::vector<std::string> TargetStep::spoilt(StepContext& context) {
  const StepRecord* record = context.journal.find(context.step);
  const bool all_done = record != nullptr && record->phase == StepPhase::done;
  std::vector<std::string> services;
  for (const TargetPlan* target : context.targets()) {
    const bool done = all_done || is_recorded(context, *target, StepPhase::done);
    if (done && is_spoilt(context, *target)) services.push_back(target->service);
  }
  return services;
}

// One that has no record of a beginning is undone, too: the record may be the one that was lost.
void TargetStep::undo(StepContext& context) {
  for (const TargetPlan* target : context.targets()) {
    {
      const std::lock_guard lock(mutex_);
      applied_.erase(target->service);
    }
    undo_for(context, *target);
    if (!context.journal.record_target_undone(context.step, target->service)) continue;
    context.reach("one-undone");
    context.world.cancellation.throw_if_requested();
  }
}

std::string TargetStep::detail(StepContext& context) {
  std::vector<std::string> texts;
  for (const TargetPlan* target : context.targets()) texts.push_back(detail_of(context, *target));
  return joined_texts(std::move(texts));
}

}  // namespace pgupgrade::upgrade
