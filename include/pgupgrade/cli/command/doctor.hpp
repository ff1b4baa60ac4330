#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/cli/process/real_world.hpp"
#include "pgupgrade/cli/text/style.hpp"

namespace pgupgrade::cli {

struct Check {
  std::string what;  // "engine"
  bool good = false;
  std::string found;  // "28.5.2 at unix:///var/run/docker.sock", or what is wrong
  std::string hint;   // empty when good
};

// A line a check, the hint below.
std::string render_checks(const std::vector<Check>& checks, const Style& style);

// 0 when all are good, 8 when the engine is not reachable, else 3.
int exit_code_of(const std::vector<Check>& checks);

struct Examination {
  const Arguments& arguments;
  const Environment& environment;
  const std::filesystem::path& directory;
  const Cancellation& cancellation;
  const std::function<std::unique_ptr<Connection>()>& connect;
};

// Looks at the machine and the project; a check that fails is a value, not an exception. Changes nothing.
std::vector<Check> examine(const Examination& examination);

}  // namespace pgupgrade::cli
