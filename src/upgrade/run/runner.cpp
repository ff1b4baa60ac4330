#include "upgrade/run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::upgrade {
namespace {

// Clients, server, data or files. Proofs and the new cluster in the emptied place are our own.
bool changes_something_of_users(const Step& step) {
  const std::vector<Point> points = step.passes();
  return std::any_of(points.begin(), points.end(),
                     [](Point point) { return point != Point::fills_place && point != Point::proves; });
}

}  // namespace

Runner::Runner(const Steps& steps, Journal& journal, World& world, Listener& listener, Clear clear)
    : steps_(steps), journal_(journal), world_(world), observer_(listener), clear_(std::move(clear)) {}

void Runner::run_forward(std::size_t count) {
  take_back_given_up();
  for (std::size_t index = 0; index < count; ++index) {
    run_step(index);
    take_back_given_up();
  }
}

void Runner::run_step(std::size_t index) {
  Step& step = *steps_[index];
  const std::string name(step.name());
  StepContext context{.journal = journal_, .world = world_, .listener = observer_, .step = name};
  const StepRecord* record = journal_.find(name);
  const auto begun = world_.clock.monotonic();
  if (record != nullptr) {
    bool done = record->phase == StepPhase::done;
    guarded(index, begun, [&] {
      if (begin_again_if_spoilt(index, context)) done = false;
      if (done) step.recheck(context);
    });
    if (done) return tell(index, StepEventKind::already, 0, {});
  }
  world_.cancellation.throw_if_requested();
  const bool interrupted_before = record != nullptr;
  tell(index, StepEventKind::started, 0, {});
  bool already = false;
  std::string detail;
  guarded(index, begun, [&] {
    already = interrupted_before && step.holds(context);
    if (already)
      journal_.record_done(name, world_.clock.unix_ms());
    else
      carry_out(step, context);
    detail = step.detail(context);
  });
  tell(index, already ? StepEventKind::already : StepEventKind::done,
       already ? 0 : (world_.clock.monotonic() - begun).count(), detail);
}

void Runner::carry_out(Step& step, StepContext& context) {
  reach(step, "before-record");
  journal_.record_started(context.step, world_.clock.unix_ms());
  reach(step, "after-record");
  step.apply(context);
  reach(step, "after-action");
  if (!step.holds(context)) {
    throw Error(ErrorKind::failed, "E-STEP",
                fmt::format("step {} ran, but its result could not be confirmed", context.step));
  }
  reach(step, "before-done");
  journal_.record_done(context.step, world_.clock.unix_ms());
  reach(step, "after-done");
}

// Whatever is thrown, the step has failed: it is told, and goes up as an Error.
void Runner::guarded(std::size_t index, std::chrono::milliseconds begun,
                     const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& exception) {
    const Error error = explained(exception, index);
    tell(index, StepEventKind::failed, (world_.clock.monotonic() - begun).count(), {});
    throw error;
  }
}

bool Runner::begin_again_if_spoilt(std::size_t index, StepContext& context) {
  const std::vector<std::string> spoilt = steps_[index]->spoilt(context);
  if (spoilt.empty()) return false;
  std::vector<std::string> names;
  for (std::size_t i = index; i < steps_.size(); ++i) {
    if (i > index && changes_something_of_users(*steps_[i])) break;
    names.emplace_back(steps_[i]->name());
  }
  journal_.reopen(names, spoilt);
  return true;
}

// A refusal says "nothing was touched"; once applications are stopped that is no longer true.
Error Runner::explained(const std::exception& exception, std::size_t index) const {
  Error error = as_error(exception);
  error.add_context(fmt::format("in step {} ({} of {})", steps_[index]->name(), index + 1, steps_.size()));
  if (journal_.begun(Point::stops_clients)) error.set_moment(Moment::midway);
  return error;
}

void Runner::run_back() {
  journal_.turn_back(world_.clock.unix_ms());
  for (std::size_t index = steps_.size(); index-- > 0;) undo_step(index);
}

void Runner::undo_step(std::size_t index) {
  Step& step = *steps_[index];
  const std::string name(step.name());
  const StepRecord* record = journal_.find(name);
  if (record == nullptr || record->phase == StepPhase::undone) return;
  world_.cancellation.throw_if_requested();
  StepContext context{.journal = journal_, .world = world_, .listener = observer_, .step = name};
  const auto begun = world_.clock.monotonic();
  tell(index, StepEventKind::undo_started, 0, {});
  try {
    reach(step, "undo-before-record");
    journal_.record_undo_started(name, world_.clock.unix_ms());
    reach(step, "undo-after-record");
    step.undo(context);
    reach(step, "undo-after-action");
    journal_.record_undone(name, world_.clock.unix_ms());
    reach(step, "undo-after-done");
  } catch (const std::exception& exception) {
    Error error = as_error(exception);
    error.add_context(fmt::format("while undoing step {} ({} of {})", name, index + 1, steps_.size()));
    tell(index, StepEventKind::failed, (world_.clock.monotonic() - begun).count(), {});
    throw error;
  }
  tell(index, StepEventKind::undone, (world_.clock.monotonic() - begun).count(), {});
}

void Runner::take_back_given_up() {
  for (const TargetPlan& target : journal_.state().plan.targets)
    if (journal_.target(target.service).given_up == GivenUp::going_back) take_back(target);
}

// As a rollback does for all. A later attempt leaves out what is recorded as undone.
void Runner::take_back(const TargetPlan& target) {
  StepContext context{.journal = journal_, .world = world_, .listener = observer_, .step = {}};
  try {
    if (clear_) clear_(target);
    for (std::size_t index = steps_.size(); index-- > 0;) {
      context.step = steps_[index]->name();
      const TargetRecord* record = journal_.find(context.step, target.service);
      if (journal_.find(context.step) == nullptr || (record != nullptr && record->phase == StepPhase::undone))
        continue;
      world_.cancellation.throw_if_requested();
      steps_[index]->undo_for(context, target);
      reach(*steps_[index], "one-taken-back");
      journal_.record_target_undone(context.step, target.service);
    }
    journal_.update(target.service, [](TargetState& state) { state.given_up = GivenUp::back; });
    world_.probe.reach("target-back");
  } catch (const std::exception& exception) {
    Error error = as_error(exception);
    error.add_context(fmt::format("while taking service {} back", target.service));
    if (journal_.begun(Point::stops_clients)) error.set_moment(Moment::midway);
    throw error;
  }
  context.warn("W-GIVEN-UP",
               fmt::format("service {} is as before, PostgreSQL {}", target.service, target.old_version));
}

void Runner::tell(std::size_t index, StepEventKind kind, std::int64_t duration_ms,
                  const std::string& detail) {
  observer_.step({.number = static_cast<int>(index) + 1,
                  .total = static_cast<int>(steps_.size()),
                  .step = std::string(steps_[index]->name()),
                  .kind = kind,
                  .duration_ms = duration_ms,
                  .detail = detail,
                  .destructive_behind = journal_.begun(Point::replaces_data)});
}

void Runner::reach(const Step& step, const char* place) {
  world_.probe.reach(std::string(step.name()) + ":" + place);
}

}  // namespace pgupgrade::upgrade
