#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "pgupgrade/upgrade/run/listener.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// What a step works with. Lives as long as one call of the runner.
struct StepContext {
  Journal& journal;
  World& world;
  Listener& listener;
  std::string step;  // the current step's name

  const Plan& plan() const { return journal.state().plan; }

  // The targets that the step is about: all but those that --keep-going has given up. On the way back those
  // for which the step is not undone yet.
  std::vector<const TargetPlan*> targets() const {
    if (journal.state().direction == Direction::forward) return journal.targets_kept();
    auto left = journal.targets_not_back();
    std::erase_if(left, [&](const TargetPlan* target) {
      const TargetRecord* record = journal.find(step, target->service);
      return record != nullptr && record->phase == StepPhase::undone;
    });
    return left;
  }

  // A named place inside the step, at which a campaign may kill this process.
  void reach(std::string_view place) const { world.probe.reach(step + ":" + std::string(place)); }

  // What the run knows of a target, and what it has come to know: durable before the call returns.
  const TargetState& known(const TargetPlan& target) const { return journal.target(target.service); }
  void learn(const TargetPlan& target, const std::function<void(TargetState&)>& change) const {
    journal.update(target.service, change);
  }

  // A step's own notes, which it alone reads. Keys of several targets begin with the service's name.
  std::string datum(const TargetPlan& target, const std::string& key) const {
    return journal.datum(step, target.service + "." + key);
  }
  void record(const TargetPlan& target, const std::string& key, const std::string& value) const {
    journal.record_data(step, target.service + "." + key, value);
  }
  // Whether the step's record says "yes" to the key.
  bool recorded(const TargetPlan& target, const std::string& key) const {
    return datum(target, key) == "yes";
  }
  // Whether another attempt at the step may have begun with the target.
  bool is_repeated(const TargetPlan& target) const { return journal.attempt(step, target.service) > 1; }
  // How many targets are worked on at the same time. Most of what they need is waiting, for the engine and
  // for what it starts.
  int at_once() const {
    constexpr int kTargetsOfAJob = 2;
    const int targets = static_cast<int>(plan().targets.size());
    return std::max(1, std::min({world.at_once, targets, kTargetsOfAJob * plan().jobs}));
  }
  void progress(const std::string& what, std::int64_t done, std::int64_t total, Progress::Unit unit) const {
    listener.progress({.step = step, .what = what, .done = done, .total = total, .unit = unit});
  }
  void note(const std::string& text) const { tell(Severity::note, "N-STEP", text); }
  void warn(Code code, const std::string& text) const { tell(Severity::warning, code, text); }

 private:
  void tell(Severity severity, Code code, const std::string& text) const {
    listener.message({.severity = severity, .code = std::string(code.text()), .message = text, .hint = {}});
  }
};

}  // namespace pgupgrade::upgrade
