#include <fmt/format.h>

#include <algorithm>

#include "cli/text/plan_parts.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

std::string disk_rows(const Plan& plan, const std::string& directory, const Style& style) {
  std::string text;
  for (const DiskNeed& need : plan.disk) {
    const std::string free = need.free_bytes < 0 ? "free space unknown" : "has " + bytes(need.free_bytes);
    text += row(
        text.empty() ? "Disk" : "",
        fmt::format("{}: needs {}, {}", short_path(need.place, directory), bytes(need.needed_bytes), free),
        style);
  }
  return text;
}

std::string way_back_text(const Plan& plan) {
  if (plan.backup == Backup::tar) return "a verified backup of the old data (--backup tar)";
  return fmt::format("the old data itself, which changes places with the new{}",
                     is_dumped(plan) ? ", and no backup (--backup aside)" : "");
}

std::string basis_of(const Plan& plan) {
  for (const StrategyOutlook& outlook : plan.outlooks)
    if (outlook.name == plan.strategy) return printable(outlook.basis);
  return "default rates";
}

// "38 min"
std::string without_about(std::int64_t milliseconds) {
  const std::string text = about(milliseconds);
  return text.substr(text.find(' ') + 1);
}

// Each strategy on a line, the chosen one marked; below it what it would change, and why it does not suit.
std::string strategy_rows(const Plan& plan, const Style& style) {
  if (plan.outlooks.empty()) return {};
  std::vector<std::vector<std::string>> cells = {{"", "downtime", "room", "way back", "basis"}};
  for (const StrategyOutlook& outlook : plan.outlooks)
    cells.push_back({(outlook.name == plan.strategy ? "> " : "  ") + printable(outlook.name),
                     without_about(outlook.downtime_ms), bytes(outlook.room_bytes),
                     printable(outlook.way_back), printable(outlook.basis)});
  const std::vector<std::string> lines = aligned(cells);
  std::string text =
      row("Strategy", fmt::format("{} ({})", printable(plan.strategy), printable(plan.strategy_reason, 500)),
          style);
  text += paint(style, Color::dim, "    " + lines[0]) + "\n";
  for (std::size_t i = 0; i < plan.outlooks.size(); ++i) {
    const StrategyOutlook& outlook = plan.outlooks[i];
    const std::string line = "    " + lines[i + 1];
    text += (outlook.name == plan.strategy ? paint(style, Color::bold, line) : line) + "\n";
    constexpr std::size_t kUnderName = 8;
    if (!outlook.changes.empty())
      text += below(kUnderName, "changes: " + printable(join(outlook.changes, ", "), 1000), style);
    for (const std::string& obstacle : outlook.obstacles)
      text += below(kUnderName, "does not suit: " + printable(obstacle, 1000), style);
  }
  return text;
}

}  // namespace

std::string cost_text(const Plan& plan, const std::string& current_directory, const Style& style) {
  std::int64_t data_bytes = 0;
  for (const TargetPlan& target : plan.targets) data_bytes += target.data_bytes;
  std::string text =
      row("Downtime",
          fmt::format("{} ({} of data, {}, {})", about(plan.estimated_downtime_ms), bytes(data_bytes),
                      plural(static_cast<std::uint64_t>(std::max(plan.jobs, 0)), "job"), basis_of(plan)),
          style);
  text += strategy_rows(plan, style) + disk_rows(plan, current_directory, style);
  if (!is_rehearsal(plan)) text += row("Way back", way_back_text(plan), style);
  return text;
}

}  // namespace pgupgrade::cli
