#pragma once

#include <string>

#include "pgupgrade/base/error.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Where the old data is once it has left its place, and how it comes back. The undo of the strategy's own
// steps brings it; this is what commands and messages ask.
class WayBack {
 public:
  virtual ~WayBack() = default;

  // Before a target goes back, which is sticky: throws when its old data has left its place and what would be
  // brought back is not whole. Nothing is changed.
  virtual void prove_for(StepContext& context, const TargetPlan& target) const = 0;
  // The same for all that are not back already, before a rollback is begun.
  void prove(StepContext& context) const {
    for (const TargetPlan* target : context.journal.targets_not_back()) prove_for(context, *target);
  }
  // A clause about the old data of a run that has replaced it: "the old data is in the backup".
  virtual std::string old_data(const RunState& state) const = 0;
  // The steps that are left to do by hand, for a rollback that could not be carried out.
  virtual std::string by_hand(const Journal& journal, const TargetPlan& target, const Error& error) const = 0;
};

// The backup, a verified archive.
const WayBack& from_backup();
// The old data itself, in the place aside.
const WayBack& from_aside();
// None is needed: the old data is never touched.
const WayBack& from_nowhere();

}  // namespace pgupgrade::upgrade
