#include "pgupgrade/cli/text/render_migration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text/migration_rows.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/render_plan.hpp"

namespace pgupgrade::cli {
namespace {

constexpr std::size_t kLabelWidth = 12;

std::uint64_t natural(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::string names(const migrate::DatabasePlan& database) {
  return database.name == database.into
             ? printable(database.name)
             : fmt::format("{} → {}", printable(database.name), printable(database.into));
}

// " --state FILE" where a command without it would not find the run.
std::string state_option(const std::filesystem::path& state_file, const std::filesystem::path& directory) {
  const bool is_here = state_file.parent_path().parent_path() == directory / ".pgupgrade";
  return is_here ? "" : " --state " + shell_word(state_file.native());
}

std::string outcome(const migrate::State& state) {
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return "finished";
    case RunOutcome::rolled_back:
      return "rolled back";
    case RunOutcome::cleaned:
      return "finished and cleaned up";
    case RunOutcome::unfinished:
      break;
  }
  return "not finished";
}

std::string standing(const migrate::DatabaseState& database) {
  switch (database.phase) {
    case migrate::Phase::done:
      return fmt::format("{}, {}, {}: identical, {}", plural(natural(database.tables), "table"),
                         plural(natural(database.rows), "row"),
                         plural(natural(database.sequences), "sequence"),
                         human_duration(database.ended_ms - database.started_ms));
    case migrate::Phase::copying:
      return "interrupted; to be copied again from its beginning";
    case migrate::Phase::waiting:
      break;
  }
  return "not copied";
}

}  // namespace

std::string migration_row(const std::string& label, const std::string& text, const Style& style) {
  const std::size_t indent = 2 + kLabelWidth;
  const auto lines = wrap(text, style.width > indent + 20 ? style.width - indent : 20);
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i)
    result += fmt::format("  {}{}\n", pad_right(i == 0 ? label : "", kLabelWidth), lines[i]);
  return result;
}

std::string text_of_side(const migrate::SidePlan& side) {
  return fmt::format("{}, PostgreSQL {}, as {}{}{}", side.address, printable(side.version),
                     printable(side.role), side.superuser ? " (superuser)" : "",
                     side.encrypted ? ", encrypted" : "");
}

std::string text_of_way(const migrate::Plan& plan) {
  const std::string form = plan.form == migrate::CopyForm::stream
                               ? "streamed, no file between"
                               : fmt::format("by dump files ({}) in {}", text_of(plan.form),
                                             printable(directory_of(plan).native(), 500));
  const std::string programs = plan.programs.image.empty()
                                   ? "in " + printable(plan.programs.directory.native(), 500)
                                   : "in containers of image " + printable(plan.programs.image);
  return fmt::format("{}, {}; pg_dump {} {}", form, plural(natural(plan.jobs), "job"),
                     printable(plan.programs.version), programs);
}

std::string render_migration_plan(const migrate::Plan& plan, const Style& style) {
  const std::string left = fmt::format("Plan to migrate {}", plural(plan.databases.size(), "database"));
  const std::string right = "run " + printable(plan.run_id);
  const std::size_t line = std::min<std::size_t>(style.width, 90);
  const std::size_t used = display_width(left) + display_width(right);
  std::string text = paint(style, Color::bold, left) + std::string(used + 2 < line ? line - used : 2, ' ') +
                     paint(style, Color::dim, right) + "\n";
  text += migration_row("From", text_of_side(plan.source), style);
  text += migration_row("To", text_of_side(plan.target), style);
  for (const migrate::DatabasePlan& database : plan.databases)
    text += migration_row(&database == &plan.databases.front() ? "Databases" : "",
                          fmt::format("{}, {}, {}{}", names(database), human_bytes(natural(database.bytes)),
                                      plural(natural(database.tables), "table"),
                                      database.create ? "; is created" : "; exists and is empty"),
                          style);
  text += migration_row("Way", text_of_way(plan), style);
  if (!plan.new_roles.empty())
    text += migration_row("Roles", "creates " + printable(join(plan.new_roles, ", "), 1000), style);
  for (const std::string& left_out : plan.not_carried)
    text += migration_row(&left_out == &plan.not_carried.front() ? "Left out" : "", left_out, style);
  text += "\n";
  for (const Diagnostic& diagnostic : plan.diagnostics) text += render_diagnostic(diagnostic, style);
  if (!plan.diagnostics.empty()) text += "\n";
  return text + "The source is only read. Nothing has been changed yet.\n";
}

std::string render_migration(const migrate::State& state, const std::filesystem::path& state_file,
                             const std::filesystem::path& directory, const Style& style) {
  const migrate::Plan& plan = state.plan;
  std::string text = paint(style, Color::bold,
                           fmt::format("Migration {} from {} to {}: {}", printable(plan.run_id),
                                       plan.source.address, plan.target.address, outcome(state))) +
                     "\n";
  for (std::size_t i = 0; i < state.databases.size(); ++i) {
    text += migration_row(i == 0 ? "Databases" : "",
                          names(plan.databases[i]) + ": " + standing(state.databases[i]), style);
    for (const std::string& note : state.databases[i].notes)
      text += migration_row("", "not carried over: " + note, style);
  }
  if (!state.created_roles.empty())
    text += migration_row("Roles", "created " + printable(join(state.created_roles, ", "), 1000), style);
  for (const std::string& left_out : plan.not_carried)
    text += migration_row(&left_out == &plan.not_carried.front() ? "Left out" : "", left_out, style);
  const auto next = situation_of(state, state_file, directory).next;
  for (const std::string& command : next)
    text += migration_row(&command == &next.front() ? "Next" : "", command, style);
  return text;
}

std::vector<std::string> migration_lines(const migrate::State& state) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < state.databases.size(); ++i) {
    lines.push_back(names(state.plan.databases[i]) + ": " + standing(state.databases[i]));
    for (const std::string& note : state.databases[i].notes) lines.push_back("not carried over: " + note);
  }
  return lines;
}

Situation situation_of(const migrate::State& state, const std::filesystem::path& state_file,
                       const std::filesystem::path& directory) {
  const auto done = static_cast<std::size_t>(std::count_if(
      state.databases.begin(), state.databases.end(),
      [](const migrate::DatabaseState& database) { return database.phase == migrate::Phase::done; }));
  const std::string option = state_option(state_file, directory);
  Situation situation;
  situation.data = fmt::format("the source is untouched; at the target {} of {} copied and compared", done,
                               plural(state.databases.size(), "database"));
  std::error_code ignored;
  const std::filesystem::path log = state_file.parent_path() / "run.log";
  if (std::filesystem::exists(log, ignored)) situation.log = short_path(log.native(), directory.native());
  if (state.outcome == RunOutcome::unfinished)
    situation.next = {"pgupgrade resume" + option, "pgupgrade rollback" + option};
  return situation;
}

}  // namespace pgupgrade::cli
