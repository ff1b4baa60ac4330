#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"

namespace pgupgrade::cli {

// Whether each check has a line.
enum class ChecksShown { counted, listed };

// The plan as text: the same for --dry-run and before the confirmation.
std::string render_plan(const Plan& plan, const std::vector<upgrade::PlannedStep>& steps,
                        const std::string& current_directory, const Style& style,
                        ChecksShown shown = ChecksShown::counted);

// What was looked at, without what was found; empty when nothing was.
std::string render_check_list(const std::vector<CheckLine>& checks, const Style& style, ChecksShown shown);

// One warning or note, with its hint below.
std::string render_diagnostic(const Diagnostic& diagnostic, const Style& style);

}  // namespace pgupgrade::cli
