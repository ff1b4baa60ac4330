#pragma once

#include <string>

#include "pgupgrade/cli/arguments/arguments.hpp"

namespace pgupgrade::cli {

// An option of the table as it is typed: "-f, --compose FILE...".
std::string typed(const OptionDescription& option);

// `pgupgrade COMMAND --help`, broken to 80 columns.
std::string command_help(const CommandDescription& command);

// `pgupgrade --help`: the commands, the options of an upgrade, examples.
std::string overall_help();

}  // namespace pgupgrade::cli
