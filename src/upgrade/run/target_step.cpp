#include "upgrade/run/target_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "upgrade/run/each_target.hpp"

namespace pgupgrade::upgrade {
namespace {

bool is_recorded(const StepContext& context, const TargetPlan& target, StepPhase phase) {
  const TargetRecord* record = context.journal.find(context.step, target.service);
  return record != nullptr && record->phase == phase;
}

// What several threads tell, one after the other.
class Funnel {
 public:
  explicit Funnel(Listener& listener) : listener_(listener) {}

  void begin(std::size_t index) {
    const std::lock_guard lock(mutex_);
    under_way_.insert(index);
  }
  void end(std::size_t index) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(index);
  }
  void message(const Diagnostic& diagnostic) {
    const std::lock_guard lock(mutex_);
    listener_.message(diagnostic);
  }
  // Of the first target alone: a bar that jumps from one to the other says nothing.
  void progress(std::size_t index, const Progress& progress) {
    const std::lock_guard lock(mutex_);
    if (!under_way_.empty() && *under_way_.begin() == index) listener_.progress(progress);
  }

 private:
  Listener& listener_;
  std::mutex mutex_;
  std::set<std::size_t> under_way_;
};

// What one target tells while it is worked on.
class OwnListener final : public Listener {
 public:
  OwnListener(Funnel& funnel, std::size_t index) : funnel_(funnel), index_(index) { funnel_.begin(index_); }
  ~OwnListener() override { funnel_.end(index_); }
  OwnListener(const OwnListener&) = delete;
  OwnListener& operator=(const OwnListener&) = delete;

  void step(const StepEvent&) override {}  // which is the runner's to tell
  void progress(const Progress& progress) override { funnel_.progress(index_, progress); }
  void message(const Diagnostic& diagnostic) override { funnel_.message(diagnostic); }

 private:
  Funnel& funnel_;
  std::size_t index_;
};

}  // namespace

void TargetStep::apply(StepContext& context) {
  const auto& targets = context.plan().targets;
  Funnel funnel(context.listener);
  side_by_side(targets.size(), context.at_once(), [&](std::size_t index) {
    OwnListener listener(funnel, index);
    StepContext own{
        .journal = context.journal, .world = context.world, .listener = listener, .step = context.step};
    own.world.cancellation.throw_if_requested();
    if (!is_finished(own, targets[index])) carry_out(own, targets[index]);
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
  if (context.at_once() == 1 && &target == &context.plan().targets.back()) return;
  context.reach("one-applied");
  if (!holds_for(context, target)) {
    throw Error(ErrorKind::failed, "E-STEP",
                fmt::format("step {} ran, but its result could not be confirmed", context.step));
  }
  if (context.journal.record_target_done(context.step, target.service)) context.reach("one-done");
}

bool TargetStep::holds(StepContext& context) {
  const auto& targets = context.plan().targets;
  return std::all_of(targets.begin(), targets.end(), [&](const TargetPlan& target) {
    if (is_recorded(context, target, StepPhase::done)) return true;
    return context.journal.attempt(context.step, target.service) > 0 && holds_for(context, target);
  });
}

void TargetStep::recheck(StepContext& context) {
  for (const TargetPlan& target : context.plan().targets) recheck_for(context, target);
}

std::vector<std::string> TargetStep::spoilt(StepContext& context) {
  const StepRecord* record = context.journal.find(context.step);
  const bool all_done = record != nullptr && record->phase == StepPhase::done;
  std::vector<std::string> services;
  for (const TargetPlan& target : context.plan().targets) {
    const bool done = all_done || is_recorded(context, target, StepPhase::done);
    if (done && is_spoilt(context, target)) services.push_back(target.service);
  }
  return services;
}

// One that has no record of a beginning is undone, too: the record may be the one that was lost.
void TargetStep::undo(StepContext& context) {
  for (const TargetPlan& target : context.plan().targets) {
    if (is_recorded(context, target, StepPhase::undone)) continue;
    undo_for(context, target);
    if (!context.journal.record_target_undone(context.step, target.service)) continue;
    context.reach("one-undone");
    context.world.cancellation.throw_if_requested();
  }
}

std::string TargetStep::detail(StepContext& context) {
  return each_target(context.plan(), [&](const TargetPlan& target) { return detail_of(context, target); });
}

}  // namespace pgupgrade::upgrade
