// The parts of a plan's text, and what they are made with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgupgrade/cli/text/style.hpp"
#include "pgupgrade/model/plan.hpp"

namespace pgupgrade::cli {

inline constexpr std::size_t kLabelWidth = 12;
inline constexpr std::size_t kRowIndent = 2 + kLabelWidth;

// Columns for a text that is indented so far; 20 at least.
std::size_t room_after(std::size_t indent, const Style& style);

// "  Stops       web, worker", wrapped under itself.
std::string row(const std::string& label, const std::string& text, const Style& style);

// Below a line, wrapped.
std::string below(std::size_t indent, const std::string& text, const Style& style);

// Cells under one another, two columns apart; the last one of a line is not padded.
std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& lines);

std::string bytes(std::int64_t value);  // "41.0 GiB"

// What will happen: versions, data, clients that stop, files edited.
std::string change_text(const Plan& plan, const std::string& current_directory, const Style& style);
// What it costs: the strategies side by side, room, way back.
std::string cost_text(const Plan& plan, const std::string& current_directory, const Style& style);

}  // namespace pgupgrade::cli
