#include "cli/text/plan_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

std::size_t room_after(std::size_t indent, const Style& style) {
  constexpr std::size_t kLeast = 20;
  return style.width > indent + kLeast ? style.width - indent : kLeast;
}

std::string row(const std::string& label, const std::string& text, const Style& style) {
  const auto lines = wrap(text, room_after(kRowIndent, style));
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i)
    result += fmt::format("  {}{}\n", pad_right(i == 0 ? label : "", kLabelWidth), lines[i]);
  return result;
}

std::string below(std::size_t indent, const std::string& text, const Style& style) {
  std::string result;
  for (const std::string& line : wrap(text, room_after(indent, style)))
    result += std::string(indent, ' ') + line + "\n";
  return result;
}

std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& cells : lines) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  }
  std::vector<std::string> result;
  for (const auto& cells : lines) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
      line += i + 1 < cells.size() ? pad_right(cells[i], widths[i]) + "  " : cells[i];
    result.push_back(std::move(line));
  }
  return result;
}

std::string bytes(std::int64_t value) {
  return human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
}

}  // namespace pgupgrade::cli
