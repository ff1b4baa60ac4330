#include "pgupgrade/cli/text/render_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text/plan_parts.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

std::string project_name(const Plan& plan) {
  return plan.project.empty() ? "the project" : printable(plan.project);
}

std::string file_names(const Plan& plan, const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& file : plan.location.files) names.push_back(short_path(file.native(), directory));
  return join(names, ", ");
}

// "service db", "services db, audit", "10 services".
std::string services_of(const Plan& plan) {
  constexpr std::size_t kNamed = 4;
  std::vector<std::string> services;
  for (const TargetPlan& target : plan.targets) services.push_back(printable(target.service));
  if (services.size() > kNamed) return plural(services.size(), "service");
  return (services.size() == 1 ? "service " : "services ") + join(services, ", ");
}

std::string title(const Plan& plan, const std::string& directory, const Style& style) {
  const std::string left = plan.site == kContainerSite && !plan.targets.empty()
                               ? fmt::format("Plan for container {}", printable(plan.targets.front().service))
                               : fmt::format("Plan for {} ({}, {})", project_name(plan),
                                             file_names(plan, directory), services_of(plan));
  const std::string right = "run " + printable(plan.run_id);
  const std::size_t used = display_width(left) + display_width(right);
  const std::size_t line = std::min<std::size_t>(style.width, 90);
  const std::string gap(used + 2 < line ? line - used : 2, ' ');
  return paint(style, Color::bold, left) + gap + paint(style, Color::dim, right) + "\n";
}

std::string heading(const char* text, const Style& style) {
  return "\n" + paint(style, Color::bold, text) + "\n";
}

struct Cell {
  std::string text;
  std::string below = {};  // whole lines
  Color color = Color::bold;
  bool painted = false;
};

std::string shown(const Cell& cell, const Style& style) {
  return cell.painted ? paint(style, cell.color, cell.text) : cell.text;
}

// One column, or as many side by side as fit, the first of them going down first.
std::string columns(const std::vector<Cell>& cells, std::size_t most, const Style& style) {
  constexpr std::size_t kGap = 2;
  std::size_t width = 0;
  for (const Cell& cell : cells) width = std::max(width, display_width(cell.text));
  std::size_t count = std::clamp<std::size_t>((style.width + kGap) / (width + kGap), 1, most);
  if (std::any_of(cells.begin(), cells.end(), [](const Cell& cell) { return !cell.below.empty(); }))
    count = 1;
  const std::size_t lines = (cells.size() + count - 1) / count;
  std::string text;
  for (std::size_t line = 0; line < lines; ++line) {
    for (std::size_t i = line; i < cells.size(); i += lines) {
      text += shown(cells[i], style);
      if (i + lines < cells.size())
        text += std::string(width + kGap - display_width(cells[i].text), ' ');
      else
        text += "\n" + cells[i].below;
    }
  }
  return text;
}

// What is done for each of many targets is told of the first.
std::string description_of(const upgrade::PlannedStep& step) {
  constexpr std::size_t kNamed = 3;
  const std::vector<std::string> parts = split_list(step.description, "; ");
  if (parts.size() <= kNamed) return printable(step.description, 400);
  return fmt::format("{}; and {} more", printable(parts.front(), 400), parts.size() - 1);
}

std::string steps_text(const std::vector<upgrade::PlannedStep>& steps, const Style& style) {
  std::size_t name_width = 0;
  for (const auto& step : steps) name_width = std::max(name_width, display_width(step.name));
  const std::size_t indent = 8 + name_width;
  std::vector<Cell> cells;
  for (const auto& step : steps) {
    const auto lines = wrap(description_of(step), room_after(indent, style));
    Cell cell{.text = fmt::format("  {:>2} {} {} {}", step.number, step.sign,
                                  pad_right(step.name, name_width), lines.front()),
              .color = step.sign == '-' ? Color::red : Color::yellow,
              .painted = step.sign != ' '};
    for (std::size_t i = 1; i < lines.size(); ++i) cell.below += std::string(indent, ' ') + lines[i] + "\n";
    cells.push_back(std::move(cell));
  }
  return columns(cells, 2, style);
}

std::string promise(const std::vector<upgrade::PlannedStep>& steps) {
  const auto start = std::find_if(steps.begin(), steps.end(), [](const auto& step) {
    return std::find(step.passes.begin(), step.passes.end(), Point::serves) != step.passes.end();
  });
  if (start == steps.end()) return "Nothing has been changed yet.\n";
  return fmt::format("Up to step {} `pgupgrade rollback` loses nothing. Nothing has been changed yet.\n",
                     start->number);
}

struct Sign {
  const char* text;
  Color color;
};

Sign sign_of(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::passed:
      return {"✔", Color::green};
    case CheckOutcome::postponed:
      return {"…", Color::dim};
    case CheckOutcome::noted:
      return {"·", Color::dim};
    case CheckOutcome::warned:
      return {"!", Color::yellow};
    case CheckOutcome::refused:
      break;
  }
  return {"✘", Color::red};
}

// "62 passed, 1 note, 2 warnings"
std::string counted(const std::vector<CheckLine>& checks) {
  const auto count = [&](CheckOutcome outcome) {
    return static_cast<std::uint64_t>(std::count_if(
        checks.begin(), checks.end(), [&](const CheckLine& line) { return line.outcome == outcome; }));
  };
  std::vector<std::string> parts = {fmt::format("{} passed", count(CheckOutcome::passed))};
  if (const auto notes = count(CheckOutcome::noted); notes > 0) parts.push_back(plural(notes, "note"));
  if (const auto warnings = count(CheckOutcome::warned); warnings > 0)
    parts.push_back(plural(warnings, "warning"));
  if (const auto stops = count(CheckOutcome::refused); stops > 0) parts.push_back(plural(stops, "stop"));
  if (const auto later = count(CheckOutcome::postponed); later > 0)
    parts.push_back(fmt::format("{} once the new image is here", later));
  return join(parts, ", ");
}

std::string check_text(const CheckLine& line) {
  std::string text = fmt::format("  {} {}", sign_of(line.outcome).text, printable(line.title));
  if (!line.services.empty()) text += fmt::format(" ({})", printable(join(line.services, ", "), 200));
  return text;
}

}  // namespace

std::string render_check_list(const std::vector<CheckLine>& checks, const Style& style, ChecksShown shown) {
  if (checks.empty()) return {};
  if (shown == ChecksShown::counted)
    return row("Checks", counted(checks) + "   (--verbose lists them)", style);
  std::vector<Cell> cells;
  for (const CheckLine& line : checks)
    cells.push_back({.text = cut(check_text(line), style.width),
                     .color = sign_of(line.outcome).color,
                     .painted = line.outcome != CheckOutcome::passed});
  return row("Checks", counted(checks), style) + columns(cells, 3, style);
}

std::string render_diagnostic(const Diagnostic& diagnostic, const Style& style) {
  const bool note = diagnostic.severity == Severity::note;
  const std::string sign = note ? "·" : paint(style, Color::yellow, "!");
  std::string text;
  // A message may show a place in a file below its first line.
  const std::vector<std::string> parts = split_lines(diagnostic.message);
  const auto lines = wrap(fmt::format("{}   ({})", printable(parts.empty() ? "" : parts.front(), 1000),
                                      printable(diagnostic.code)),
                          style.width > 24 ? style.width - 4 : 20);
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += fmt::format("  {} {}\n", i == 0 ? sign : " ", lines[i]);
  for (std::size_t i = 1; i < parts.size(); ++i)
    text += fmt::format("    {}\n", cut(printable(parts[i], 1000), style.width > 24 ? style.width - 4 : 20));
  if (diagnostic.hint.empty()) return text;
  const auto hint = wrap(printable(diagnostic.hint, 1000), style.width > 26 ? style.width - 6 : 20);
  for (std::size_t i = 0; i < hint.size(); ++i)
    text += fmt::format("    {} {}\n", i == 0 ? "→" : " ", hint[i]);
  return text;
}

std::string render_plan(const Plan& plan, const std::vector<upgrade::PlannedStep>& steps,
                        const std::string& current_directory, const Style& style, ChecksShown shown) {
  std::string text = title(plan, current_directory, style);
  text += heading("What will happen", style) + change_text(plan, current_directory, style);
  text += heading("What it costs", style) + cost_text(plan, current_directory, style);
  if (!plan.checks.empty() || !plan.diagnostics.empty()) {
    text += heading("What was looked at", style) + render_check_list(plan.checks, style, shown);
    for (const Diagnostic& diagnostic : plan.diagnostics) text += render_diagnostic(diagnostic, style);
  }
  text += heading("Steps", style) + steps_text(steps, style);
  return text + "\n" + promise(steps);
}

}  // namespace pgupgrade::cli
