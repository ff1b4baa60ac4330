#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::planning {

struct Choice {
  std::string strategy;
  std::int64_t downtime_ms = 0;
  std::string reason;
  std::vector<StrategyOutlook> outlooks;
  Diagnostics notes;  // what would make another one suit, where the one that was taken will be refused
};

// A rehearsal is one of nothing: it has no reason, no outlooks, and the downtime of what it rehearses.
// One strategy for all targets of `draft`, which is a plan but for what follows from the strategy. Takes the
// request's; of kAuto the first that is quick and changes nothing, else the quickest other one that suits,
// else the first.
Choice choose_strategy(const Request& request, const Facts& facts, const Plan& draft);

}  // namespace pgupgrade::planning
