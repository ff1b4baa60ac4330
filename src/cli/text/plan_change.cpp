#include <fmt/format.h>

#include <algorithm>

#include "cli/text/plan_parts.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

bool is_volume(const Mount& mount) {
  return mount.kind == MountKind::volume;
}

std::string place_of(const Mount& mount) {
  return fmt::format("{} {}", is_volume(mount) ? "volume" : "directory", printable(mount.source));
}

std::string contents_of(const TargetPlan& target) {
  std::int64_t tables = 0;
  std::uint64_t databases = 0;
  for (const DatabaseFacts& database : target.inventory.databases) {
    tables += database.tables;
    if (!database.is_template) ++databases;
  }
  return fmt::format("{}, {}", plural(databases, "database"),
                     plural(static_cast<std::uint64_t>(std::max<std::int64_t>(tables, 0)), "table"));
}

std::string versions_of(const TargetPlan& target) {
  return fmt::format("{} → {}   {} → {}", printable(target.old_version), target.new_major,
                     printable(target.old_image), printable(target.new_image));
}

// What all of them share stands once; of several kinds each with its services.
std::string version_rows(const Plan& plan, const Style& style) {
  std::vector<std::pair<std::string, std::vector<std::string>>> kinds;
  for (const TargetPlan& target : plan.targets) {
    const std::string versions = versions_of(target);
    const auto same =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first == versions; });
    auto& kind = same == kinds.end() ? kinds.emplace_back(versions, std::vector<std::string>()) : *same;
    kind.second.push_back(printable(target.service));
  }
  std::string text;
  for (const auto& [versions, services] : kinds)
    text +=
        row(text.empty() ? "PostgreSQL" : "",
            kinds.size() == 1 ? versions : fmt::format("{}   ({})", versions, join(services, ", ")), style);
  return text;
}

// A table where it fits, else a line and what is below it for each.
std::string data_rows(const Plan& plan, const Style& style) {
  if (plan.targets.size() == 1) {
    const TargetPlan& target = plan.targets.front();
    return row(
        "Data",
        fmt::format("{} at {}, {}, {}", place_of(target.data_mount), printable(target.data_mount.target),
                    bytes(target.data_bytes), contents_of(target)),
        style);
  }
  std::vector<std::vector<std::string>> cells;
  for (const TargetPlan& target : plan.targets)
    cells.push_back({printable(target.service), place_of(target.data_mount), bytes(target.data_bytes),
                     contents_of(target)});
  const std::vector<std::string> lines = aligned(cells);
  const bool fits = std::all_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return display_width(line) <= room_after(kRowIndent, style);
  });
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string label = i == 0 ? "Data" : "";
    if (fits) {
      text += fmt::format("  {}{}\n", pad_right(label, kLabelWidth), lines[i]);
      continue;
    }
    text += fmt::format("  {}{}\n", pad_right(label, kLabelWidth), cells[i][0]);
    text += below(kRowIndent + 2, join({cells[i].begin() + 1, cells[i].end()}, ", "), style);
  }
  return text;
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
  const std::size_t width = room_after(kRowIndent + 2, style);
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

// What is said of each target for itself, with its name where there are several.
std::string own_rows(const Plan& plan, const TargetPlan& target, const Style& style) {
  const std::string whose = plan.targets.size() > 1 ? printable(target.service) + ": " : "";
  std::string text;
  const auto say = [&](const char* label, const std::string& what) {
    text += row(label, whose + what, style);
  };
  if (target.new_data_target != target.data_mount.target)
    say("Moves", fmt::format("the data's mount from {} to {}", printable(target.data_mount.target),
                             printable(target.new_data_target)));
  if (target.keeps_old)
    say("Beside", fmt::format("the new cluster in {}; the old one stays in {} until cleanup",
                              printable(target.new_pgdata), printable(target.old_pgdata)));
  if (!target.aside.directory.empty())
    say("Beside", fmt::format("{}, where {}", place_of(target.aside.mount), use_of_aside(plan, target)));
  text += run_rows(target, style);
  std::vector<std::string> roles;
  for (const RolePlan& role : target.roles)
    roles.push_back(role.action == PasswordAction::to_scram
                        ? fmt::format("{} to SCRAM ({})", printable(role.role), printable(role.origin))
                        : fmt::format("{} keeps md5", printable(role.role)));
  if (!roles.empty()) say("Passwords", join(roles, ", "));
  if (!target.dropped_settings.empty())
    say("Settings", fmt::format("not carried over, since {} does not know them: {}", target.new_major,
                                printable(join(target.dropped_settings, ", "), 1000)));
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

// The same change on several lines of a file.
struct Hunk {
  std::string file;
  std::string old_line;
  std::string new_line;
  std::vector<std::string> numbers;
};

std::vector<Hunk> hunks_of(const std::vector<FileEdit>& edits) {
  std::vector<Hunk> hunks;
  for (const FileEdit& edit : edits) {
    const Hunk hunk{.file = edit.file,
                    .old_line = edit.before + edit.old_text + edit.after,
                    .new_line = edit.before + edit.new_text + edit.after,
                    .numbers = {std::to_string(edit.line)}};
    const auto same = std::find_if(hunks.begin(), hunks.end(), [&](const Hunk& other) {
      return other.file == hunk.file && other.old_line == hunk.old_line && other.new_line == hunk.new_line;
    });
    if (same == hunks.end())
      hunks.push_back(hunk);
    else
      same->numbers.push_back(hunk.numbers.front());
  }
  return hunks;
}

std::string edit_rows(const Plan& plan, const std::string& directory, const Style& style) {
  std::string text;
  const auto line = [&](Color color, char sign, const std::string& content) {
    text += std::string(kRowIndent, ' ') +
            paint(style, color,
                  cut(fmt::format("{} {}", sign, printable(content, 1000)), room_after(kRowIndent, style))) +
            "\n";
  };
  for (const Hunk& hunk : hunks_of(plan.edits)) {
    text += row(text.empty() ? "Edits" : "",
                fmt::format("{}:{}", short_path(hunk.file, directory), join(hunk.numbers, ", ")), style);
    line(Color::red, '-', hunk.old_line);
    line(Color::green, '+', hunk.new_line);
  }
  return text;
}

}  // namespace

std::string change_text(const Plan& plan, const std::string& current_directory, const Style& style) {
  std::string text = version_rows(plan, style) + data_rows(plan, style);
  for (const TargetPlan& target : plan.targets) text += own_rows(plan, target, style);
  text += row("Stops", clients_text(plan), style);
  if (!plan.host_clients.empty())
    text += row("Connected", printable(join(plan.host_clients, ", "), 1000), style);
  if (!plan.dump_directory.empty())
    text += row("Keeps",
                fmt::format("the dump of each database in {}, until cleanup",
                            short_path(plan.dump_directory, current_directory)),
                style);
  if (plan.keep_going && plan.targets.size() > 1)
    text += row("Failures", "a service that fails goes back alone, the others are upgraded", style);
  return text + edit_rows(plan, current_directory, style);
}

}  // namespace pgupgrade::cli
