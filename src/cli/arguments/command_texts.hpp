#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/arguments/arguments.hpp"

namespace pgupgrade::cli {

// What the table of commands does not say in its one line: for --help and the manual page.
struct CommandText {
  Command command;
  std::string detail;
  std::vector<PositionalDescription> positionals;
  std::vector<Example> examples;
};

// Throws Error(internal) for a command that has no text; a test asks for each.
const CommandText& text_of_command(Command command);

}  // namespace pgupgrade::cli
