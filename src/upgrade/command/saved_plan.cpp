#include "pgupgrade/upgrade/command/saved_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "upgrade/run/envelope.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kFormat = 1;
constexpr const char* kMark = "pgupgrade_plan";
constexpr const char* kKey = "saved";

[[noreturn]] void refuse_file(const fs::path& path, const std::string& why,
                              const std::string& hint = "make it again: pgupgrade plan --out FILE") {
  throw Error(ErrorKind::usage, "E-PLAN-FILE",
              fmt::format("cannot use the plan {}: {}", printable(path.native(), 500), why), hint);
}

std::string text_of(const boost::json::value& saved) {
  return enveloped(kMark, kFormat, kKey, saved);
}

// "line 3, column 17": of a byte, both counted from 1.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  return fmt::format("line {}, column {}", line,
                     before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

boost::json::value parse_whole(const std::string& text, const fs::path& path) {
  boost::json::parser parser;
  boost::json::error_code failure;
  const std::size_t read = parser.write(text.data(), text.size(), failure);
  if (failure) {
    // All of it was read, and more is wanted.
    const bool cut = failure == boost::json::error::incomplete;
    refuse_file(path, fmt::format("{}: {}", place_of(text, cut ? text.size() : read),
                                  cut ? "the file ends here, so it is truncated" : "not valid JSON"));
  }
  return parser.release();
}

// The mark alone: whether it is a plan, not whether it is a sound one.
bool looks_like_plan(std::string_view text) {
  return trim(text).starts_with(fmt::format("{{\"{}\":", kMark));
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// What the run of the plan has come to.
std::string standing(const RunState& state) {
  switch (state.outcome) {
    case RunOutcome::succeeded:
      return "has succeeded";
    case RunOutcome::rolled_back:
      return "was rolled back";
    case RunOutcome::cleaned:
      return "has ended and was cleaned up";
    case RunOutcome::unfinished:
      break;
  }
  return "has been started and has not finished";
}

}  // namespace

std::string saved_plan_text(const SavedPlan& saved) {
  return text_of(to_json(saved));
}

SavedPlan parse_saved_plan(const std::string& text, const fs::path& path) {
  const boost::json::value value = parse_whole(text, path);
  const boost::json::object* envelope = value.if_object();
  const auto* format = envelope == nullptr ? nullptr : json::find(*envelope, kMark);
  if (format == nullptr || !format->is_int64())
    refuse_file(path, "it is not a plan of pgupgrade",
                "make one: pgupgrade plan --compose FILE --to MAJOR --out FILE");
  if (format->get_int64() != kFormat)
    refuse_file(path, fmt::format("its format is {}, this program knows {}", format->get_int64(), kFormat));
  const auto* saved = json::find(*envelope, kKey);
  if (saved == nullptr) refuse_file(path, fmt::format("\"{}\": missing", kKey));
  try {
    SavedPlan result = saved_plan_from_json(*saved);
    if (text_of(*saved) != text) refuse_file(path, "it was changed after it had been written");
    return result;
  } catch (const Error& error) {
    if (error.is("E-PLAN-FILE")) throw;
    refuse_file(path, error.what());
  }
}

void refuse_other_file(const fs::path& path) {
  std::error_code problem;
  const auto keep = [&](const std::string& why) {
    throw Error(ErrorKind::usage, "E-PLAN-FILE",
                fmt::format("could not write the plan to {}: {}", printable(path.native(), 500), why),
                "choose another file with --out");
  };
  if (!fs::is_directory(directory_of(path), problem))
    keep(fmt::format("{} is not a directory", printable(directory_of(path).native(), 500)));
  const fs::file_status status = fs::symlink_status(path, problem);
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() != fs::file_type::regular) keep("it is not a regular file");
  if (!looks_like_plan(read_file(path))) keep("it is there, and is not a plan of pgupgrade");
}

void save_plan(const SavedPlan& saved, const fs::path& path) {
  refuse_other_file(path);
  write_file_durably(path, saved_plan_text(saved), 0600);
}

SavedPlan load_plan(const fs::path& path) {
  std::error_code problem;
  if (!fs::exists(path, problem))
    throw Error(
        ErrorKind::usage, "E-NO-FILE",
        fmt::format("could not read the plan {}: there is no such file", printable(path.native(), 500)),
        "make it: pgupgrade plan --compose FILE --to MAJOR --out FILE");
  if (!fs::is_regular_file(path, problem)) refuse_file(path, "it is not a regular file");
  return parse_saved_plan(read_file(path), path);
}

void refuse_applied(const SavedPlan& saved, const fs::path& path) {
  const RunFiles files{.directory = fs::path(saved.plan.state_root) / saved.plan.run_id};
  std::error_code problem;
  if (!fs::exists(files.state(), problem)) return;
  const RunState state = Journal::open_file(files.state()).state();
  const bool unfinished = state.outcome == RunOutcome::unfinished;
  throw Error(ErrorKind::refused, "E-PLAN-APPLIED",
              fmt::format("cannot apply {} again: its run {} {}", printable(path.native(), 500),
                          printable(state.plan.run_id), standing(state)),
              unfinished ? join(next_commands(state, files.state()), ", or: ")
                         : "to upgrade again, make a new plan: pgupgrade plan --out FILE");
}

}  // namespace pgupgrade::upgrade
