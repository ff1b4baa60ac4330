// What of a strategy is known before a run: what it asks for, what it would change, what it takes. What it
// does is in src/upgrade/strategy/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/model/request.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

// Bytes that one target takes at most, until cleanup.
struct Room {
  std::int64_t beside_data = 0;  // on the file system of the data
  std::int64_t engine = 0;       // in other volumes of the engine
  std::int64_t state = 0;        // in the state directory, or --backup-dir
};

// The requests that these are asked with have its name for a strategy, or kAuto.
struct StrategyRule {
  const char* name;  // as in --strategy and in the plan
  // What of the request it cannot do.
  Diagnostics (*refuses)(const Request& request);
  // What it asks of a service, and what it would change or leave behind there.
  std::vector<Check> checks;
  // The last in short words, whether somebody accepts it or not; empty: everything stays as it is.
  std::vector<std::string> (*changes)(const Inventory& inventory);
  std::string (*way_back)(const Request& request);  // what a rollback takes, for the plan
  Room (*room)(const Request& request, const TargetPlan& target);
  std::int64_t (*downtime_ms)(const Workload& workload);  // by default rates
};

// Whether a change to an object of an extension, or to a built-in one, is lost where both are made anew.
bool is_lost(const MemberChange& change);

// One maker a strategy, each in the file of its name.
StrategyRule dump_rule();
StrategyRule warm_rule();
StrategyRule rehearsal_rule();

// The first is taken where it is quick and changes nothing. In the order of upgrade::strategies().
const std::vector<StrategyRule>& strategy_rules();
// Of one of them, or of a rehearsal, which nobody chooses to upgrade by; Error(internal) else.
const StrategyRule& rule_of(const std::string& strategy);

}  // namespace pgupgrade::planning
