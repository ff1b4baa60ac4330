#include "pgupgrade/cli/text/render_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kLabelWidth = 12;

std::uint64_t natural(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::string project_name(const Plan& plan) {
  return plan.project.empty() ? "the project" : printable(plan.project);
}

// "  Stops       web, worker", wrapped under itself.
std::string row(const std::string& label, const std::string& text, const Style& style) {
  const std::size_t indent = 2 + kLabelWidth;
  const auto lines = wrap(text, style.width > indent + 20 ? style.width - indent : 20);
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i)
    result += fmt::format("  {}{}\n", pad_right(i == 0 ? label : "", kLabelWidth), lines[i]);
  return result;
}

std::string file_names(const Plan& plan, const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& file : plan.location.files) names.push_back(short_path(file.native(), directory));
  return join(names, ", ");
}

std::string title(const Plan& plan, const std::string& directory, const Style& style) {
  std::vector<std::string> services;
  for (const TargetPlan& target : plan.targets) services.push_back(printable(target.service));
  std::string left =
      plan.site == kContainerSite
          ? fmt::format("Plan for container {}", join(services, ", "))
          : fmt::format("Plan for {} ({}{}{})", project_name(plan), file_names(plan, directory),
                        services.size() == 1 ? ", service " : ", services ", join(services, ", "));
  const std::string right = "run " + printable(plan.run_id);
  const std::size_t used = display_width(left) + display_width(right);
  const std::size_t line = std::min<std::size_t>(style.width, 90);
  const std::string gap(used + 2 < line ? line - used : 2, ' ');
  return paint(style, Color::bold, left) + gap + paint(style, Color::dim, right) + "\n";
}

std::string data_text(const TargetPlan& target) {
  const bool volume = target.data_mount.kind == MountKind::volume;
  std::int64_t tables = 0;
  std::uint64_t databases = 0;
  for (const DatabaseFacts& database : target.inventory.databases) {
    tables += database.tables;
    if (!database.is_template) ++databases;
  }
  return fmt::format("{} {} at {}, {}, {}, {}", volume ? "volume" : "directory",
                     printable(target.data_mount.source), printable(target.data_mount.target),
                     human_bytes(natural(target.data_bytes)), plural(databases, "database"),
                     plural(natural(tables), "table"));
}

std::string use_of_aside(const Plan& plan, const TargetPlan& target) {
  if (is_rehearsal(plan)) return "a copy is upgraded";
  std::string text = "the new cluster is made; the old data stays there until cleanup";
  if (!target.aside.copied_because.empty())
    text += fmt::format(". First a copy of the old data is made there and dumped in its stead: {}",
                        target.aside.copied_because);
  return text;
}

// The words of a line for a shell, as they are quoted there.
std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool escaped = at > 0 && line[at - 1] == '\\' && !quoted;
    if (line[at] == '\'' && !escaped) quoted = !quoted;
    if (line[at] == ' ' && !quoted)
      words.emplace_back();
    else
      words.back() += line[at];
  }
  return words;
}

// As much as fits on each line, with a backslash at its end: to be copied into a shell.
std::string run_rows(const TargetPlan& target, const Style& style) {
  if (target.run_line.empty()) return {};
  const std::size_t indent = 2 + kLabelWidth;
  const std::size_t width = style.width > indent + 22 ? style.width - indent - 2 : 20;
  std::vector<std::string> lines(1);
  for (const std::string& word : shell_words(printable(target.run_line, 10000))) {
    std::string& line = lines.back();
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width)
      lines.push_back(word);
    else
      line += (line.empty() ? "" : " ") + word;
  }
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i)
    result += fmt::format("  {}{}{}\n", pad_right(i == 0 ? "Amounts to" : "", kLabelWidth), lines[i],
                          i + 1 < lines.size() ? " \\" : "");
  return result;
}

std::string target_rows(const Plan& plan, const TargetPlan& target, const Style& style) {
  const bool several = plan.targets.size() > 1;
  std::string text;
  if (several)
    text += fmt::format("  {}\n", paint(style, Color::bold, "service " + printable(target.service)));
  text += row("PostgreSQL",
              fmt::format("{} → {}   {} → {}", printable(target.old_version), target.new_major,
                          printable(target.old_image), printable(target.new_image)),
              style);
  text += row("Data", data_text(target), style);
  if (target.new_data_target != target.data_mount.target)
    text += row("Moves",
                fmt::format("the data's mount from {} to {}", printable(target.data_mount.target),
                            printable(target.new_data_target)),
                style);
  if (target.keeps_old)
    text += row("Beside",
                fmt::format("the new cluster in {}; the old one stays in {} until cleanup",
                            printable(target.new_pgdata), printable(target.old_pgdata)),
                style);
  if (!target.aside.directory.empty())
    text += row(
        "Beside",
        fmt::format("{} {}, where {}", target.aside.mount.kind == MountKind::volume ? "volume" : "directory",
                    printable(target.aside.mount.source), use_of_aside(plan, target)),
        style);
  text += run_rows(target, style);
  std::vector<std::string> roles;
  for (const RolePlan& role : target.roles)
    roles.push_back(role.action == PasswordAction::to_scram
                        ? fmt::format("{} to SCRAM ({})", printable(role.role), printable(role.origin))
                        : fmt::format("{} keeps md5", printable(role.role)));
  if (!roles.empty()) text += row("Passwords", join(roles, ", "), style);
  if (!target.dropped_settings.empty())
    text += row("Settings",
                fmt::format("not carried over, since {} does not know them: {}", target.new_major,
                            printable(join(target.dropped_settings, ", "), 1000)),
                style);
  return text;
}

std::string clients_text(const Plan& plan) {
  std::vector<std::string> own;
  std::vector<std::string> others;
  for (const ClientFacts& client : plan.clients) {
    const std::string name = printable(client.service.empty() ? client.container_name : client.service);
    if (!client.project.empty() && client.project == plan.project)
      own.push_back(client.running ? name : name + " (not running)");
    else
      others.push_back(client.project.empty()
                           ? printable(client.container_name)
                           : fmt::format("{} (project {})", name, printable(client.project)));
  }
  std::string text = own.empty() && others.empty() ? "no other containers" : join(own, ", ");
  if (!others.empty()) text += (own.empty() ? "" : ", ") + join(others, ", ");
  return text;
}

std::string disk_rows(const Plan& plan, const std::string& directory, const Style& style) {
  std::string text;
  for (const DiskNeed& need : plan.disk) {
    const std::string free = need.free_bytes < 0 ? std::string("free space unknown")
                                                 : "has " + human_bytes(natural(need.free_bytes));
    text += row(text.empty() ? "Disk" : "",
                fmt::format("{}: needs {}, {}", short_path(need.place, directory),
                            human_bytes(natural(need.needed_bytes)), free),
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

// What is below a strategy's line, wrapped under its name.
std::string below(const std::string& label, const std::string& text, const Style& style) {
  const std::size_t indent = 2 + kLabelWidth + 8;
  std::string result;
  for (const std::string& line : wrap(label + text, style.width > indent + 20 ? style.width - indent : 20))
    result += std::string(indent, ' ') + line + "\n";
  return result;
}

// "38 min"
std::string without_about(std::int64_t milliseconds) {
  const std::string text = about(milliseconds);
  return text.substr(text.find(' ') + 1);
}

// Each strategy on a line, the chosen one marked; below it what it would change, and why it does not suit.
std::string strategy_rows(const Plan& plan, const Style& style) {
  if (plan.outlooks.empty()) return {};
  std::size_t name_width = 0;
  for (const StrategyOutlook& outlook : plan.outlooks)
    name_width = std::max(name_width, display_width(outlook.name));
  std::string text =
      row("Strategy", fmt::format("{} ({})", printable(plan.strategy), printable(plan.strategy_reason, 500)),
          style);
  for (const StrategyOutlook& outlook : plan.outlooks) {
    const bool chosen = outlook.name == plan.strategy;
    const std::string line = fmt::format(
        "{} {}  down {}  room {}  back: {}", chosen ? ">" : " ",
        pad_right(printable(outlook.name), name_width), pad_right(without_about(outlook.downtime_ms), 10),
        pad_right(human_bytes(natural(outlook.room_bytes)), 9), printable(outlook.way_back));
    text += std::string(2 + kLabelWidth, ' ') + (chosen ? paint(style, Color::bold, line) : line) + "\n";
    if (!outlook.changes.empty())
      text += below("changes: ", printable(join(outlook.changes, ", "), 1000), style);
    for (const std::string& obstacle : outlook.obstacles)
      text += below("does not suit: ", printable(obstacle, 1000), style);
  }
  return text;
}

std::string edits_text(const Plan& plan, const std::string& directory, const Style& style) {
  std::string text;
  for (const FileEdit& edit : plan.edits)
    text += row(&edit == &plan.edits.front() ? "Edits" : "",
                fmt::format("{}:{}   {} → {}", short_path(edit.file, directory), edit.line,
                            printable(edit.old_text), printable(edit.new_text)),
                style);
  return text;
}

Color color_of(char sign) {
  return sign == '-' ? Color::red : Color::yellow;
}

struct Cell {
  std::string text;
  char sign = ' ';
};

std::string painted(const Cell& cell, const Style& style) {
  return cell.sign == ' ' ? cell.text : paint(style, color_of(cell.sign), cell.text);
}

// One column, or two side by side where they fit.
std::string steps_text(const std::vector<upgrade::PlannedStep>& steps, const Style& style) {
  std::size_t name_width = 0;
  for (const auto& step : steps) name_width = std::max(name_width, display_width(step.name));
  std::vector<Cell> cells;
  for (const auto& step : steps)
    cells.push_back({fmt::format("  {:>2} {} {} {}", step.number, step.sign, pad_right(step.name, name_width),
                                 printable(step.description, 400)),
                     step.sign});
  const std::size_t half = (cells.size() + 1) / 2;
  std::size_t left_width = 0;
  std::size_t right_width = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::size_t& width = i < half ? left_width : right_width;
    width = std::max(width, display_width(cells[i].text));
  }
  const bool two = left_width + 2 + right_width <= style.width;
  std::string text;
  for (std::size_t i = 0; i < (two ? half : cells.size()); ++i) {
    const bool pair = two && i + half < cells.size();
    text += painted(cells[i], style);
    if (pair)
      text +=
          std::string(left_width + 2 - display_width(cells[i].text), ' ') + painted(cells[i + half], style);
    text += "\n";
  }
  return text;
}

std::string promise(const std::vector<upgrade::PlannedStep>& steps) {
  const auto start = std::find_if(steps.begin(), steps.end(), [](const auto& step) {
    return std::find(step.passes.begin(), step.passes.end(), Point::serves) != step.passes.end();
  });
  if (start == steps.end()) return "Nothing has been changed yet.\n";
  return fmt::format("Up to step {} `pgupgrade rollback` loses nothing. Nothing has been changed yet.\n",
                     start->number);
}

}  // namespace

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
                        const std::string& current_directory, const Style& style) {
  std::string text = title(plan, current_directory, style);
  std::int64_t data_bytes = 0;
  for (const TargetPlan& target : plan.targets) {
    text += target_rows(plan, target, style);
    data_bytes += target.data_bytes;
  }
  text += row("Stops", clients_text(plan), style);
  if (!plan.host_clients.empty())
    text += row("Connected", printable(join(plan.host_clients, ", "), 1000), style);
  text +=
      row("Downtime",
          fmt::format("{} ({} of data, {}, {})", about(plan.estimated_downtime_ms),
                      human_bytes(natural(data_bytes)), plural(natural(plan.jobs), "job"), basis_of(plan)),
          style);
  text += strategy_rows(plan, style);
  text += disk_rows(plan, current_directory, style);
  if (!is_rehearsal(plan)) text += row("Way back", way_back_text(plan), style);
  if (!plan.dump_directory.empty())
    text += row("Keeps",
                fmt::format("the dump of each database in {}, until cleanup",
                            short_path(plan.dump_directory, current_directory)),
                style);
  if (plan.keep_going && plan.targets.size() > 1)
    text += row("Failures", "a service that fails goes back alone, the others are upgraded", style);
  text += edits_text(plan, current_directory, style);
  text += "\n" + steps_text(steps, style) + "\n";
  for (const Diagnostic& diagnostic : plan.diagnostics) text += render_diagnostic(diagnostic, style);
  if (!plan.diagnostics.empty()) text += "\n";
  return text + promise(steps);
}

}  // namespace pgupgrade::cli
