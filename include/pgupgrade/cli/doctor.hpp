#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/arguments.hpp"
#include "pgupgrade/cli/environment.hpp"
#include "pgupgrade/cli/style.hpp"
#include "pgupgrade/upgrade/world.hpp"

namespace pgupgrade::cli {

struct Check {
  std::string what;   // "engine"
  bool good = false;
  std::string found;  // "28.5.2 at unix:///var/run/docker.sock", or what is wrong
  std::string mend;   // empty when good
};

// A line a check, the mend below.
std::string render_checks(const std::vector<Check>& checks, const Style& style);

// Looks at the machine and the project; a check that fails is a value, not an exception.
std::vector<Check> examine(const Arguments& arguments, const Environment& environment, Clock& clock,
                           const Cancellation& cancellation);

}  // namespace pgupgrade::cli
