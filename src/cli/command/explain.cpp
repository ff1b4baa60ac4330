#include "pgupgrade/cli/command/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "cli/arguments/options.hpp"
#include "cli/command/commands.hpp"
#include "pgupgrade/base/code_details.hpp"
#include "pgupgrade/base/likeness.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/view/events.hpp"

namespace pgupgrade::cli {

namespace {

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string_view without_prefix(std::string_view code) {
  return code.size() > 2 && code[1] == '-' ? code.substr(2) : code;
}

// The codes that somebody may have meant.
std::vector<std::string> codes_meant_by(std::string_view word) {
  std::vector<std::string> names;
  for (const CodeRow& row : code_table()) names.emplace_back(without_prefix(row.code));
  const std::vector<std::string> meant = meant_by(word, names);
  std::vector<std::string> result;
  for (const CodeRow& row : code_table())
    if (std::find(meant.begin(), meant.end(), without_prefix(row.code)) != meant.end())
      result.emplace_back(row.code);
  return result;
}

constexpr std::size_t kLabel = 14;

struct Consequence {
  std::string_view data;
  std::string_view exit;
};

Consequence consequence_of(const CodeRow& row) {
  if (!row.kind) {
    return {"unchanged by this",
            row.code.starts_with("W-") ? "none: a warning does not stop a run" : "none: it is only a note"};
  }
  switch (*row.kind) {
    case ErrorKind::usage:
      return {"unchanged by the command that reports it", "2"};
    case ErrorKind::refused:
      return {"unchanged by the command that reports it; in the middle of a run, as `pgupgrade status` says",
              "3; 5 in the middle of a run"};
    case ErrorKind::failed:
      return {"unchanged before a run has started; in the middle of a run, as `pgupgrade status` says",
              "5; 3 before a run has started, 4 after it was rolled back, 9 if a rollback failed"};
    case ErrorKind::difference:
      return {"the old data is in the backup or aside; the new server has not been started for clients", "6"};
    case ErrorKind::locked:
      return {"unchanged by the command that reports it", "7"};
    case ErrorKind::engine_unreachable:
      return {"as `pgupgrade status` says; nothing is lost", "8"};
    case ErrorKind::interrupted:
      return {"as `pgupgrade status` says; nothing is lost", "130 or 143"};
    case ErrorKind::internal:
      break;
  }
  return {"as `pgupgrade status` says; nothing is lost", "1"};
}

}  // namespace

const CodeRow& code_named(const std::string& word) {
  const std::string wanted = upper(word);
  if (const CodeRow* row = find_code(wanted)) return *row;
  for (const CodeRow& row : code_table())
    if (without_prefix(row.code) == wanted) return row;
  const std::string meant = did_you_mean(codes_meant_by(without_prefix(wanted)));
  throw usage_error(fmt::format("cannot explain \"{}\": there is no such code", printable(word)),
                    meant.empty() ? "pgupgrade explain lists all codes" : meant);
}

std::string explain_text(const CodeRow& row, const Style& style) {
  const Consequence consequence = consequence_of(row);
  const CodeDetail* const detail = find_detail(row.code);
  std::string text =
      fmt::format("{}: {}\n", paint(style, row.code.starts_with("E-") ? Color::red : Color::yellow, row.code),
                  row.meaning);
  const auto add = [&](std::string_view label, std::string_view content) {
    std::string start = pad_right(label, kLabel);
    for (const std::string& line : wrap(content, style.width - kLabel)) {
      text += start + line + "\n";
      start = std::string(kLabel, ' ');
    }
  };
  if (detail != nullptr) add("  cause:", detail->cause);
  add("  your data:", consequence.data);
  add("  what to do:", row.to_do);
  if (detail != nullptr) add("", detail->cure);
  add("  exit code:", consequence.exit);
  return text;
}

std::string list_of_codes() {
  std::string text;
  for (const CodeRow& row : code_table()) text += fmt::format("{:<24}{}\n", row.code, row.meaning);
  return text;
}

int explain_command(Session& session) {
  const std::string& word = session.arguments.code;
  const std::string text = word.empty() ? list_of_codes() : explain_text(code_named(word), session.out_style);
  tell(session, text,
       [&](std::int64_t now) { return plain_summary("explained", split_lines(text), 0, now); });
  return 0;
}

}  // namespace pgupgrade::cli
