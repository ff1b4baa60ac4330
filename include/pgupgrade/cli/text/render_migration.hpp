#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/migrate/state.hpp"

namespace pgupgrade::cli {

// A migration's plan as text: the same for --dry-run and before the confirmation.
std::string render_migration_plan(const migrate::Plan& plan, const Style& style);

// What came of it, or where it stands: a line a database, what could not be carried over, what to type next.
std::string render_migration(const migrate::State& state, const std::filesystem::path& state_file,
                             const std::filesystem::path& directory, const Style& style);

// "shop: copied, 24 tables, 120,000 rows", a line a database, for programs.
std::vector<std::string> migration_lines(const migrate::State& state);

// Where a failed or interrupted migration has left both sides, and what to type next.
Situation situation_of(const migrate::State& state, const std::filesystem::path& state_file,
                       const std::filesystem::path& directory);

}  // namespace pgupgrade::cli
