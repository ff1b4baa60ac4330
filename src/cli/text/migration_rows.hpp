#pragma once

#include <string>

#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/migrate/plan.hpp"

// Parts of the plans that are about servers.
namespace pgupgrade::cli {

// "  Databases   shop, 1.2 GiB", wrapped under itself.
std::string migration_row(const std::string& label, const std::string& text, const Style& style);
std::string text_of_side(const migrate::SidePlan& side);
std::string text_of_way(const migrate::Plan& plan);

}  // namespace pgupgrade::cli
