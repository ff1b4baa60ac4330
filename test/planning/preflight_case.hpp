// One change to a healthy project, and all that preflight then says.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "planning/facts_builder.hpp"
#include "support/catch.hpp"

namespace pgupgrade::planning {

struct World {
  Request request = request_to(17);
  Facts facts = facts_of_shop();
  ServiceFacts& service() { return facts.services[0]; }
  Inventory& inventory() { return *facts.services[0].inventory; }
};

struct Case {
  std::string name;
  std::function<void(World&)> change;
  std::string expected;  // all diagnostics
};

// Whatever is said is of a check that says so.
inline void require_lines(const Planned& result) {
  for (const Diagnostic& said : result.diagnostics) {
    if (said.code == "N-STRATEGY" || result.plan.checks.empty()) continue;
    const CheckOutcome outcome = said.severity == Severity::error     ? CheckOutcome::refused
                                 : said.severity == Severity::warning ? CheckOutcome::warned
                                                                      : CheckOutcome::noted;
    INFO(said.code);
    CHECK(std::any_of(result.plan.checks.begin(), result.plan.checks.end(), [&](const CheckLine& line) {
      return line.outcome >= outcome &&
             std::find(line.codes.begin(), line.codes.end(), said.code) != line.codes.end();
    }));
  }
}

inline void require_diagnostics(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name);
    World world;
    c.change(world);
    const Planned result = planned(world.request, world.facts);
    REQUIRE(shown(result.diagnostics) == c.expected);
    require_lines(result);
    REQUIRE(result.ok == (c.expected.find("error ") != 0));  // errors come first
  }
}

}  // namespace pgupgrade::planning
