#pragma once

#include <string>
#include <vector>

#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/migrate/alternate.hpp"

namespace pgupgrade::cli {

// A rehearsal within one server, or what is applied after it: the same for --dry-run and before the
// confirmation.
std::string render_alternate_plan(const migrate::AlternatePlan& plan, const Style& style);

// What came of it, a line each, and what to type next.
std::vector<std::string> alternate_lines(const migrate::AlternateState& state, migrate::Purpose purpose);
std::vector<std::string> next_for_alternate(const migrate::AlternateState& state, migrate::Purpose purpose,
                                            const Arguments& arguments);

// Where one stands, for who did not begin it: applied scripts, the copy, dump and way back, a line each.
std::vector<std::string> standing_lines(const migrate::AlternateState& state);

// Where a failed or interrupted one has left the database, and what to type next.
Situation situation_of(const migrate::AlternateState& state, const Arguments& arguments);

}  // namespace pgupgrade::cli
