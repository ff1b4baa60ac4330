#include "pgupgrade/cli/command/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <vector>

#include "cli/arguments/options.hpp"
#include "cli/command/commands.hpp"
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

// Levenshtein's: how many letters to change, add or leave out.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The codes that somebody may have meant: those that contain the word, else the nearest ones.
std::vector<std::string> meant_by(std::string_view word) {
  std::vector<std::string> result;
  std::size_t nearest = std::max<std::size_t>(2, word.size() / 3);
  for (const CodeRow& row : code_table())
    if (word.size() >= 3 && row.code.find(word) != std::string_view::npos) result.emplace_back(row.code);
  if (!result.empty()) return result;
  for (const CodeRow& row : code_table()) {
    const std::size_t here = distance(word, without_prefix(row.code));
    if (here > nearest) continue;
    if (here < nearest) result.clear();
    nearest = here;
    result.emplace_back(row.code);
  }
  return result;
}

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
      return {"the old data is in the backup; the new server has not been started for clients", "6"};
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
  const std::vector<std::string> meant = meant_by(without_prefix(wanted));
  throw usage_error(
      fmt::format("cannot explain \"{}\": there is no such code", printable(word)),
      meant.empty() ? "pgupgrade explain lists all codes" : "did you mean " + join(meant, ", ") + "?");
}

std::string explain_text(const CodeRow& row, const Style& style) {
  const Consequence consequence = consequence_of(row);
  return fmt::format(
      "{}: {}\n"
      "  your data:  {}\n"
      "  what to do: {}\n"
      "  exit code:  {}\n",
      paint(style, row.code.starts_with("E-") ? Color::red : Color::yellow, row.code), row.meaning,
      consequence.data, row.to_do, consequence.exit);
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
