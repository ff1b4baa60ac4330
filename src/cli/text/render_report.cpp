#include "pgupgrade/cli/text/render_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/points.hpp"

namespace pgupgrade::cli {

namespace {

std::uint64_t natural(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::string verified_line(const upgrade::TargetReport& target) {
  const std::string rows = target.rows_compared ? plural(natural(target.rows), "row") : "rows not compared";
  const std::string accepted = target.accepted_differences > 0
                                   ? fmt::format(" but for {} that you accepted",
                                                 plural(natural(target.accepted_differences), "difference"))
                                   : std::string();
  std::string text = fmt::format(
      "Verified {}, {}, {}, {}: identical{}.", plural(natural(target.tables), "table"), rows,
      plural(natural(target.sequences), "sequence"), plural(natural(target.roles), "role"), accepted);
  if (target.logins_tried > 0)
    text += fmt::format(" Logins {} of {}.", target.logins_accepted, target.logins_tried);
  return text;
}

std::string forecast_text(const upgrade::Report& report) {
  if (report.forecast_ms <= 0) return {};
  return fmt::format(" (forecast {})", human_duration(report.forecast_ms));
}

std::string kept_files(const upgrade::TargetReport& target, const std::string& directory) {
  std::string text;
  if (!target.backup_file.empty())
    text +=
        fmt::format("Backup     {} ({}, sha256 {}…)\n", short_path(target.backup_file, directory),
                    human_bytes(natural(target.backup_bytes)), printable(target.backup_sha256.substr(0, 12)));
  if (!target.kept_dumps.empty())
    text += fmt::format("Dumps      {}\n", short_path(target.kept_dumps, directory));
  return text;
}

std::string target_lines(const upgrade::TargetReport& target, bool several, const std::string& directory) {
  if (!target.failure.empty())
    return fmt::format("Service {} is PostgreSQL {}, as before. Failed: {}\n", printable(target.service),
                       printable(target.old_version), printable(target.failure, 1000));
  std::string text;
  if (several)
    text += fmt::format("Service {}: {} → {}\n", printable(target.service), printable(target.old_version),
                        printable(target.new_version));
  text += verified_line(target) + "\n" + kept_files(target, directory);
  if (!target.old_data.empty())
    text += fmt::format("Old data   {}, kept until cleanup\n", printable(target.old_data));
  for (const std::string& note : target.notes) text += fmt::format("Note       {}\n", printable(note, 1000));
  return text;
}

std::string phase_text(const StepRecord& record) {
  switch (record.phase) {
    case StepPhase::started:
      return "started";
    case StepPhase::done:
      return "done";
    case StepPhase::undo_started:
      return "undo started";
    case StepPhase::undone:
      return "undone";
  }
  return "unknown";
}

std::string step_status(const StepRecord& record, std::size_t name_width, const Style& style) {
  const bool settled = record.phase == StepPhase::done || record.phase == StepPhase::undone;
  std::string line =
      fmt::format("    {} {} {}", settled ? paint(style, Color::green, "✔") : "▸",
                  pad_right(printable(record.step), name_width), pad_right(phase_text(record), 13));
  line += utc_time(record.started_ms);
  if (record.ended_ms > record.started_ms)
    line += fmt::format("  {:>8}", human_duration(record.ended_ms - record.started_ms));
  if (record.attempt > 1) line += fmt::format("  attempt {}", record.attempt);
  return line + "\n";
}

// A label once, its lines below each other.
std::string block(const std::string& label, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += fmt::format("  {}{}\n", pad_right(text.empty() ? label : "", 11), printable(line, 1000));
  return text;
}

std::string versions_text(const Plan& plan) {
  std::vector<std::string> parts;
  for (const TargetPlan& target : plan.targets)
    parts.push_back(fmt::format("{} {} → {}", printable(target.service), printable(target.old_version),
                                target.new_major));
  return join(parts, ", ");
}

}  // namespace

std::string outcome_text(const RunState& state) {
  if (state.outcome == RunOutcome::succeeded) return "succeeded";
  if (state.outcome == RunOutcome::rolled_back) return "rolled back";
  if (state.outcome == RunOutcome::cleaned) return "cleaned up";
  switch (halted_at(state)) {
    case Until::prepared:
      return "prepared";
    case Until::dumped:
      return "dumped";
    case Until::wiped:
      return "dumped and wiped";
    case Until::end:
      break;
  }
  const bool back = state.direction == Direction::back;
  const auto open = std::find_if(state.steps.rbegin(), state.steps.rend(), [&](const StepRecord& record) {
    return record.phase == (back ? StepPhase::undo_started : StepPhase::started);
  });
  const std::string doing = back ? "unfinished, on its way back" : "unfinished";
  if (open != state.steps.rend()) return fmt::format("{}, in step {}", doing, printable(open->step));
  if (!back && !state.steps.empty())
    return fmt::format("{}, after step {}", doing, printable(state.steps.back().step));
  return back ? doing : "unfinished, before the first step";
}

namespace {

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string render_rehearsal(const upgrade::Report& report, const std::string& name,
                             const std::string& versions, const std::string& current_directory,
                             const Style& style) {
  std::string text = paint(style, Color::bold,
                           fmt::format("Rehearsed the upgrade of {}: {} in {}", name, versions,
                                       human_duration(report.total_ms))) +
                     "\nNothing was stopped, and nothing of yours was changed.\n";
  for (const auto& target : report.targets)
    text += target_lines(target, report.targets.size() > 1, current_directory);
  std::size_t width = 0;
  for (const auto& part : report.parts) width = std::max(width, display_width(part.step));
  for (const auto& part : report.parts)
    text += fmt::format("{}{} {:>9}\n", pad_right(&part == &report.parts.front() ? "Measured" : "", 11),
                        pad_right(printable(part.step), width), human_duration(part.ms));
  text += fmt::format(
      "Downtime   about {}: {} measured, about {} estimated for the backup and for stopping and starting\n",
      human_duration(report.measured_ms + report.estimated_ms), human_duration(report.measured_ms),
      human_duration(report.estimated_ms));
  for (const auto& server : report.kept) {
    text += fmt::format("Server     {}: {}, with the passwords of its roles\n", printable(server.service),
                        connection_string(server));
  }
  return text + (report.kept.empty() ? "" : "Clean up   pgupgrade cleanup removes the kept server\n");
}

}  // namespace

std::string connection_string(const upgrade::KeptServer& server) {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}", percent_encoded(server.user), server.port,
                     percent_encoded(server.database));
}

namespace {

// "4 services", or "3 of 4 services" when others were given up.
std::string upgraded_services(const std::vector<upgrade::TargetReport>& targets) {
  const auto kept = std::count_if(targets.begin(), targets.end(),
                                  [](const auto& target) { return target.failure.empty(); });
  const std::string all = plural(targets.size(), "service");
  return kept == static_cast<std::ptrdiff_t>(targets.size()) ? all : fmt::format("{} of {}", kept, all);
}

std::string failed_lines(const std::vector<upgrade::TargetReport>& targets, const std::string& directory) {
  std::string text;
  for (const auto& target : targets)
    if (!target.failure.empty()) text += target_lines(target, true, directory);
  return text;
}

std::string render_halt(const upgrade::Report& report, const std::string& name,
                        const std::string& current_directory, const Style& style) {
  const std::string time = human_duration(report.total_ms);
  if (report.halt == Until::prepared)
    return paint(style, Color::bold, fmt::format("Prepared {} in {}", name, time)) +
           "\nNothing was stopped, and nothing of yours was changed.\n" +
           failed_lines(report.targets, current_directory) +
           "Upgrade    pgupgrade run\n"
           "Look       pgupgrade status\n"
           "Give up    pgupgrade cancel\n";
  const bool wiped = report.halt == Until::wiped;
  const auto& targets = report.targets;
  // Where PGDATA names the version there is nothing to empty.
  const bool stays =
      std::all_of(targets.begin(), targets.end(), [](const auto& target) { return target.old_stays; });
  std::string text = paint(style, Color::bold, fmt::format("{} {}", wiped ? "Wiped" : "Dumped", name)) + "\n";
  text += !wiped  ? "The old data is untouched; "
          : stays ? "The old data stays; "
                  : "The data directory is empty; ";
  text += "backup and dump are proven. The applications are stopped.\n";
  for (const auto& target : targets)
    text += target.failure.empty() ? kept_files(target, current_directory)
                                   : target_lines(target, true, current_directory);
  text += wiped   ? "Next       pgupgrade load restores the dump and starts the new server\n"
          : stays ? "Next       pgupgrade wipe, which has nothing to empty here\n"
                  : "Next       pgupgrade wipe empties the data directory\n";
  return text + "Give up    pgupgrade rollback\n";
}

}  // namespace

std::string render_report(const upgrade::Report& report, const std::string& project,
                          const std::string& current_directory, const Style& style) {
  const std::string name = project.empty() ? "the project" : printable(project);
  const auto& targets = report.targets;
  const std::string versions = targets.size() == 1
                                   ? fmt::format("{} → {}", printable(targets.front().old_version),
                                                 printable(targets.front().new_version))
                                   : upgraded_services(targets);
  const std::string times = report.downtime_ms > 0
                                ? fmt::format("{}, downtime {}{}", human_duration(report.total_ms),
                                              human_duration(report.downtime_ms), forecast_text(report))
                                : human_duration(report.total_ms);
  std::string text;
  if (report.outcome == RunOutcome::unfinished) return render_halt(report, name, current_directory, style);
  if (report.rehearsal && report.outcome == RunOutcome::succeeded)
    return render_rehearsal(report, name, versions, current_directory, style);
  if (report.outcome == RunOutcome::rolled_back) {
    text = paint(style, Color::bold,
                 fmt::format("Rolled back {} in {}", name, human_duration(report.total_ms))) +
           "\n";
    for (const auto& target : targets)
      text += fmt::format("Service {} is PostgreSQL {} again, everything as before.\n",
                          printable(target.service), printable(target.old_version));
    return text + "Clean up   pgupgrade cleanup\n";
  }
  text = paint(style, Color::bold, fmt::format("Upgraded {}: {} in {}", name, versions, times)) + "\n";
  for (const auto& target : targets) text += target_lines(target, targets.size() > 1, current_directory);
  return text + "Roll back  pgupgrade rollback --discard-new-writes\nClean up   pgupgrade cleanup\n";
}

std::string render_status(const RunStatus& status, const std::string& current_directory, const Style& style) {
  const RunState& state = status.state;
  std::string text = paint(style, Color::bold, "Run " + printable(state.plan.run_id)) +
                     fmt::format("   {}: {}\n", printable(state.plan.project), versions_text(state.plan));
  text += block("State", {outcome_text(state)});
  text += block("Started", {utc_time(state.created_ms)});
  text += block("Data", {status.data});
  text += block("Ready", status.preparation);
  std::size_t name_width = 0;
  for (const StepRecord& record : state.steps) name_width = std::max(name_width, display_width(record.step));
  if (!state.steps.empty()) text += "  Steps\n";
  for (const StepRecord& record : state.steps) text += step_status(record, name_width, style);
  if (!status.engine_problem.empty())
    text += block("Leftovers", {"unknown: " + status.engine_problem});
  else
    text +=
        block("Leftovers", status.leftovers.empty() ? std::vector<std::string>{"no containers, no volumes"}
                                                    : status.leftovers);
  text += block("File", {short_path(status.state_file, current_directory)});
  return text + block("Next", status.next);
}

std::string render_cleanup(const upgrade::CleanupReport& report, bool done, const Style& style) {
  std::string text;
  if (report.removed.empty())
    text = "Nothing to remove.\n";
  else
    text = done ? "Removed:\n" : "Will be removed for good:\n";
  for (const std::string& line : report.removed)
    text += fmt::format("  {} {}\n", done ? "✔" : paint(style, Color::red, "-"), printable(line, 1000));
  for (const std::string& line : report.kept) text += fmt::format("  · left: {}\n", printable(line, 1000));
  if (report.freed_bytes > 0)
    text += fmt::format("{} {}\n", done ? "Freed" : "Frees", human_bytes(natural(report.freed_bytes)));
  return text;
}

std::string render_locks(const std::vector<upgrade::HeldLock>& locks, const Style& style) {
  std::string text;
  for (const auto& lock : locks)
    text += fmt::format("{}\n  run     {}\n  holder  {}\n", paint(style, Color::bold, printable(lock.data)),
                        printable(lock.run_id), printable(lock.holder, 500));
  return text;
}

}  // namespace pgupgrade::cli
