#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::upgrade {

struct StepContext;  // src/upgrade/context.hpp

// How a step stands to the old data; decides signs in the plan and words in messages.
enum class StepNature { harmless, stops_service, destroys, edits };

// One unit of the sequence. apply and undo are idempotent: either may be called again after it was cut off
// anywhere. They throw Error when they cannot.
class Step {
 public:
  virtual ~Step() = default;

  virtual std::string_view name() const = 0;
  virtual StepNature nature() const { return StepNature::harmless; }
  // What it will do, for the plan: "volume shop_pgdata", "web, worker".
  virtual std::string describe(const Plan& plan) const = 0;

  virtual void apply(StepContext& context) = 0;
  // Asks the world whether the step's aim is reached, whole. Used after apply, and for a step that was
  // started when the run was cut off.
  virtual bool holds(StepContext& context) = 0;
  // For a step that is done, when a run is resumed: throws when the world no longer fits, or repairs it
  // (stops again what was started meanwhile).
  virtual void recheck(StepContext&) {}
  // For a step that is done, when a run is resumed: whether what it made is of no use any more. Then it is
  // carried out again, and so are those that were built on it: all that follow, up to the first that is not
  // harmless.
  virtual bool is_spoilt(StepContext&) { return false; }
  virtual void undo(StepContext&) {}
  // Short words on what was done, for the screen: "11.4 GiB".
  virtual std::string detail(StepContext&) { return {}; }
};

// The steps of the dump strategy, in order. A new step is one file in src/upgrade/steps/ and one line here.
std::vector<std::unique_ptr<Step>> dump_strategy();

}  // namespace pgupgrade::upgrade
