// Parts of the report's page, each a section or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pgupgrade/cli/page/page.hpp"

namespace pgupgrade::cli {

std::string section(const std::string& id, const std::string& title, const std::string& body);
std::string list_of(const std::vector<std::string>& items);  // already HTML
// Empty texts make no line: pairs of a name and what is already HTML.
std::string facts_of(const std::vector<std::pair<std::string, std::string>>& facts);
// A table that is scrolled sideways where it is too wide, with the keyboard, too.
std::string scrolled(const std::string& label, const std::string& table);

std::string timeline_section(const RunReport& report);  // page_timeline.cpp
std::string services_section(const RunReport& report);  // page_services.cpp: data, verification, logins
std::string files_section(const RunReport& report);

}  // namespace pgupgrade::cli
