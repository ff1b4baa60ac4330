#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"

namespace pgupgrade::cli {

// The plan as text: the same for --dry-run and before the confirmation.
std::string render_plan(const Plan& plan, const std::vector<upgrade::PlannedStep>& steps,
                        const std::string& current_directory, const Style& style);

// One warning or note, with its hint below.
std::string render_diagnostic(const Diagnostic& diagnostic, const Style& style);

}  // namespace pgupgrade::cli
