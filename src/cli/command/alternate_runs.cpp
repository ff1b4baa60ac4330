// What the other commands do for scripts that were tried within one server.
#include <fmt/format.h>

#include <ostream>

#include "cli/command/alternate_text.hpp"
#include "cli/command/commands.hpp"
#include "cli/text/migration_rows.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/migrate/alternate.hpp"

namespace pgupgrade::cli {
namespace fs = std::filesystem;

namespace {

using migrate::AlternateState;

std::string outcome_of(const AlternateState& state) {
  if (migrate::is_midway(state)) return "an application ended midway";
  if (state.applied_ms != 0) return fmt::format("applied on {}", utc_time(state.applied_ms));
  return state.passed.empty() ? "no script has passed" : "rehearsed";
}

std::string shown(const Session& session, const fs::path& path) {
  return printable(short_path(path.native(), session.directory.native()), 500);
}

std::string size_of(const fs::path& path) {
  std::error_code problem;
  const auto bytes = fs::file_size(path, problem);
  return problem ? std::string() : fmt::format(" ({})", human_bytes(bytes));
}

std::vector<std::string> lines_of(const Session& session, const fs::path& file, const AlternateState& state) {
  std::vector<std::string> lines = {fmt::format("Rehearsal {} of database {} in {}: {}", printable(state.id),
                                                printable(state.database), printable(state.into),
                                                outcome_of(state))};
  for (const std::string& line : standing_lines(state)) lines.push_back(line);
  for (const fs::path& path : migrate::alternate_leftovers(file))
    lines.push_back("Leftover  " + shown(session, path) + size_of(path));
  return lines;
}

}  // namespace

int show_alternate(Session& session) {
  const AlternateState state = migrate::read_alternate(session.state_file);
  const std::vector<std::string> lines = lines_of(session, session.state_file, state);
  tell(session, join(lines, "\n") + "\n",
       [&](std::int64_t now) { return plain_summary("status", lines, 0, now); });
  return 0;
}

int clean_up_alternate(Session& session) {
  const std::vector<fs::path> left = migrate::alternate_leftovers(session.state_file);
  std::vector<std::string> lines;
  for (const fs::path& path : left) lines.push_back(shown(session, path));
  if (left.empty()) {
    tell(session, "There is nothing to remove.\n",
         [](std::int64_t now) { return plain_summary("nothing_to_do", {}, 0, now); });
    return 0;
  }
  if (!session.json())
    for (const fs::path& path : left)
      session.out << "Would remove " << shown(session, path) << size_of(path) << std::endl;
  require_consent(session, "word", "yes");
  const AlternateState state = migrate::clean_up_alternate(session.state_file);
  std::string text;
  for (const std::string& line : lines) text += "Removed " + line + "\n";
  if (state.copied)
    text += fmt::format("The copy in database {} stays: pgupgrade rehearse … --into {} --drop\n",
                        printable(state.into), shell_word(printable(state.into)));
  tell(session, text, [&](std::int64_t now) { return plain_summary("cleaned", lines, 0, now); });
  return 0;
}

void refuse_alternate(const Session& session, const std::string& verb) {
  if (!is_alternate(session.state_file)) return;
  const AlternateState state = migrate::read_alternate(session.state_file);
  throw Error(ErrorKind::usage, "E-USAGE",
              fmt::format("cannot {} {}: it is a rehearsal within a server, which keeps no password", verb,
                          printable(state.id)),
              "the same `pgupgrade rehearse …` again goes on with it; pgupgrade status shows the way back");
}

std::string alternates_beside(const Session& session) {
  std::string text;
  for (const fs::path& file : migrate::find_alternates(session.state_file.parent_path().parent_path()))
    text += fmt::format("Beside it: {}; pgupgrade status --state {}\n", shown(session, file.parent_path()),
                        shell_word(file.parent_path().filename().native()));
  return text;
}

}  // namespace pgupgrade::cli
