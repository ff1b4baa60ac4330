#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/upgrade/run/step.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Drives steps by the journal's rules: a record before the action, the action, the world is asked, a record
// after it. Forward from the first step that is not done; back over all that was started, once begun for
// good.
class Runner {
 public:
  // `clear` ends what the work on one target has left running, before that target is taken back.
  using Clear = std::function<void(const TargetPlan&)>;
  Runner(const Steps& steps, Journal& journal, World& world, Listener& listener, Clear clear = {});

  // The first `count` steps, or all. A target that was given up is taken back before the next step.
  void run_forward(std::size_t count);
  void run_forward() { run_forward(steps_.size()); }
  void run_back();

 private:
  void run_step(std::size_t index);
  bool begin_again_if_spoilt(std::size_t index, StepContext& context);
  void carry_out(Step& step, StepContext& context);
  void guarded(std::size_t index, std::chrono::milliseconds begun, const std::function<void()>& action);
  Error explained(const std::exception& exception, std::size_t index) const;
  void undo_step(std::size_t index);
  void take_back_given_up();
  void take_back(const TargetPlan& target);
  void tell(std::size_t index, StepEventKind kind, std::int64_t duration_ms, const std::string& detail);
  void reach(const Step& step, const char* place);

  const Steps& steps_;
  Journal& journal_;
  World& world_;
  Listener& observer_;
  Clear clear_;
};

}  // namespace pgupgrade::upgrade
