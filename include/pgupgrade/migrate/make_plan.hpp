#pragma once

#include <string>
#include <vector>

#include "pgupgrade/migrate/plan.hpp"

namespace pgupgrade::migrate {

struct Planned {
  bool ok = false;          // no diagnostic is an error
  Plan plan;                // only when ok
  Diagnostics diagnostics;  // all of them, errors first
};

// Pure: no I/O, no clock. `programs` are those that can be had; the plan takes the one that fits.
Planned make_plan(const Request& request, const Facts& facts, const std::vector<ClientPrograms>& programs,
                  const std::string& run_id, const std::string& tool_version);

}  // namespace pgupgrade::migrate
