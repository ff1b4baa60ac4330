#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/run/step.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

class WayBack;  // src/upgrade/back/way_back.hpp

// How a new cluster comes by its data. One is a file in src/upgrade/strategy/ and a line in its table.
struct Strategy {
  std::string name;     // as in --strategy and in the plan
  std::string summary;  // for the help: "dump and restore"
  // In order. What passes Point::stops_clients begins the downtime, what passes Point::releases_clients ends
  // it: phases follow from the points.
  Steps (*steps)(const Plan& plan);
  // How the old data comes back once a step has passed Point::replaces_data.
  const WayBack& (*way_back)(const Plan& plan);
  // What a prepared run has running for it, in words; null where nothing does.
  std::string (*preparation)(World& world, const Plan& plan, const TargetPlan& target) = nullptr;
};

// What it would take, and whether it suits, is known to planning: src/planning/strategy_rules.hpp.
const std::vector<Strategy>& strategies();
// One of them, or that of a rehearsal.
const Strategy* find_strategy(const std::string& name);
// Error(usage, "E-STRATEGY") says which there are.
const Strategy& strategy_of(const Plan& plan);

// Writes the steps of the plan's strategy into it. From here on they stay, whatever a later program's
// strategy of that name is made of.
void add_steps(Plan& plan);

// The steps that the plan names, in its order. Error(usage, "E-STRATEGY") when this program lacks one.
Steps steps_of(const Plan& plan);

}  // namespace pgupgrade::upgrade
