#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

struct StepContext;  // src/upgrade/run/context.hpp

// What a step leaves behind outside of its record. By a record of the beginning alone it cannot be there.
struct Artefacts {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> volumes;
};

// One unit of the sequence. One that works on one target at a time is a TargetStep
// (src/upgrade/run/target_step.hpp). apply and undo are idempotent: either may be called again after it was
// cut off anywhere. They throw Error when they cannot.
class Step {
 public:
  virtual ~Step() = default;

  virtual std::string_view name() const = 0;
  // How far the run has come with it; none: it only makes what later steps need. Decides signs in the plan,
  // words in messages and whether the step is carried out again with one before it that is.
  virtual std::vector<Point> passes() const { return {}; }
  // What it will do, for the plan: "volume shop_pgdata", "web, worker".
  virtual std::string describe(const Plan& plan) const = 0;
  // Of one target. By these a state file that is older than the run is told.
  virtual Artefacts artefacts(const RunFiles&, const Plan&, const TargetPlan&) const { return {}; }

  virtual void apply(StepContext& context) = 0;
  // Asks the world whether the step's aim is reached, whole. Used after apply, and for a step that was
  // started when the run was cut off.
  virtual bool holds(StepContext& context) = 0;
  // Whether the downtime's window begins with it at the latest, though it stops nothing: what comes right
  // before is no part of a preparation, which may be days earlier.
  virtual bool opens_window() const { return false; }
  // For a step that is done, when a run is resumed: throws when the world no longer fits, or repairs it
  // (stops again what was started meanwhile).
  virtual void recheck(StepContext&) {}
  // When a run is resumed: the services of the targets that the step is done for, and for which what it made
  // is of no use any more. For them it is carried out again, and so are those that were built on it: all that
  // follow, up to the first that changes something of the user's.
  virtual std::vector<std::string> spoilt(StepContext&) { return {}; }
  virtual void undo(StepContext&) {}
  // What undo does for one target, while the step stands for the others.
  virtual void undo_for(StepContext&, const TargetPlan&) {}
  // Short words on what was done, for the screen: "11.4 GiB".
  virtual std::string detail(StepContext&) { return {}; }
};

using Steps = std::vector<std::unique_ptr<Step>>;  // in order

}  // namespace pgupgrade::upgrade
