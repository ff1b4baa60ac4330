#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "cli/command/commands.hpp"
#include "cli/command/run_report.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/locate.hpp"
#include "pgupgrade/cli/page/page.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStandardOutput = "-";

struct Texts {
  std::string json;
  std::string page;
};

Texts texts_of(const RunReport& report) {
  return {.json = json::pretty(to_json(report)), .page = report_page(report)};
}

void write_one(Session& session, const std::string& name, const std::string& text,
               std::vector<std::string>& written) {
  if (name.empty()) return;
  if (name == kStandardOutput) {
    session.out << text << std::flush;
    return;
  }
  const fs::path path = session.directory / name;
  write_file_durably(path, text);
  written.push_back(path.native());
}

bool uses_standard_output(const Arguments& arguments) {
  return arguments.report_html == kStandardOutput || arguments.report_json == kStandardOutput;
}

void check(const Session& session) {
  const Arguments& arguments = session.arguments;
  if (!uses_standard_output(arguments)) return;
  if (session.json())
    throw Error(ErrorKind::usage, "E-USAGE", "cannot print the report among events",
                "leave --output json out, or name a file");
  if (arguments.report_html == arguments.report_json)
    throw Error(ErrorKind::usage, "E-USAGE", "cannot print both the page and the JSON",
                "name a file for one");
}

}  // namespace

void ReportListener::progress(const upgrade::Progress& progress) {
  if (progress.unit != upgrade::Progress::Unit::bytes) return;
  std::int64_t& part = parts_[{progress.step, progress.what}];
  heard_.bytes[progress.step] += std::max<std::int64_t>(progress.done - part, 0);
  part = std::max(part, progress.done);
}

void ReportListener::failed(const Error& error) {
  heard_.failure = {
      .code = error.code(), .message = error.what(), .context = error.context(), .hint = error.hint()};
}

std::string write_reports(const Session& session, const upgrade::Heard& heard) {
  try {
    std::error_code ignored;
    if (session.state_file.empty() || !fs::exists(session.state_file, ignored)) return {};
    const upgrade::Journal journal = upgrade::Journal::open_file(session.state_file);
    if (is_rehearsal(journal.state().plan)) return {};  // says all there is when it ends, and leaves nothing
    const Texts texts = texts_of(upgrade::make_run_report(journal, heard, PGUPGRADE_VERSION));
    write_file_durably(upgrade::report_file(journal.files()), texts.json);
    write_file_durably(upgrade::report_page_file(journal.files()), texts.page);
  } catch (const std::exception& exception) {
    return fmt::format("could not write the report of the run: {}", as_error(exception).what());
  }
  return {};
}

int report_command(Session& session) {
  check(session);
  session.state_file = find_state_file(session.arguments, session.environment, session.directory);
  refuse_alternate(session, "make the report of");
  if (is_migration(session.state_file))
    throw Error(ErrorKind::usage, "E-USAGE", "cannot make the report of a migration: only upgrades have one",
                "pgupgrade status shows it");
  const upgrade::Journal journal = upgrade::Journal::open_file(session.state_file);
  if (is_rehearsal(journal.state().plan))
    throw Error(ErrorKind::usage, "E-USAGE", "cannot make the report of a rehearsal: only upgrades have one",
                "pgupgrade status shows it");
  const Texts texts = texts_of(upgrade::make_run_report(journal, {}, PGUPGRADE_VERSION));
  const Arguments& arguments = session.arguments;
  const bool own = arguments.report_html.empty() && arguments.report_json.empty();
  std::vector<std::string> written;
  write_one(session, own ? upgrade::report_page_file(journal.files()).native() : arguments.report_html,
            texts.page, written);
  write_one(session, own ? upgrade::report_file(journal.files()).native() : arguments.report_json, texts.json,
            written);
  if (uses_standard_output(arguments)) return 0;
  std::string lines;
  for (const std::string& path : written)
    lines += fmt::format("Written    {}\n", short_path(path, session.directory.native()));
  tell(session, lines, [&](std::int64_t now) { return plain_summary("report", written, 0, now); });
  return 0;
}

}  // namespace pgupgrade::cli
