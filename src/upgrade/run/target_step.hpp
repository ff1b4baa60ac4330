#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/upgrade/run/step.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// A step that works on each target for itself: on several at once, each in a thread, as far as the world has
// it. Each is recorded as begun and as done for itself: after a death
// one that is done is not done again, but looked at as a step that is done is. What Step says of a step is
// said here of one target.
class TargetStep : public Step {
 public:
  virtual void apply_to(StepContext& context, const TargetPlan& target) = 0;
  virtual bool holds_for(StepContext& context, const TargetPlan& target) = 0;
  virtual void recheck_for(StepContext&, const TargetPlan&) {}
  virtual bool is_spoilt(StepContext&, const TargetPlan&) { return false; }
  virtual std::string detail_of(StepContext&, const TargetPlan&) { return {}; }
  // Whether apply_to() ends with the very look at the world that holds_for() takes. Then it is not taken
  // twice: a look into a stopped server's data costs a container.
  virtual bool looks_itself() const { return false; }

  void apply(StepContext& context) final;
  bool holds(StepContext& context) final;
  void recheck(StepContext& context) final;
  std::vector<std::string> spoilt(StepContext& context) final;
  void undo(StepContext& context) final;
  std::string detail(StepContext& context) override;

 private:
  bool is_finished(StepContext& context, const TargetPlan& target);
  void carry_out(StepContext& context, const TargetPlan& target);
  bool is_confirmed(StepContext& context, const TargetPlan& target);

  std::mutex mutex_;
  std::set<std::string> applied_;  // services, in this process
};

}  // namespace pgupgrade::upgrade
