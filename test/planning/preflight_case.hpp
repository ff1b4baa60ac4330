// One change to a healthy project, and all that preflight then says.
#pragma once

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

inline void require_diagnostics(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name);
    World world;
    c.change(world);
    const Planned result = planned(world.request, world.facts);
    REQUIRE(shown(result.diagnostics) == c.expected);
    REQUIRE(result.ok == (c.expected.find("error ") != 0));  // errors come first
  }
}

}  // namespace pgupgrade::planning
