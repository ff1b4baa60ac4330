#include "pgupgrade/postgres/program_errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::array<std::string_view, 3> kSeverities = {"ERROR:  ", "FATAL:  ", "PANIC:  "};
constexpr std::string_view kCommand = "Command was: ";

// What stands in double quotes behind `before`, which may be anywhere in the line.
std::string quoted_after(std::string_view line, std::string_view before) {
  const std::size_t at = line.find(std::string(before) + "\"");
  if (at == std::string_view::npos) return {};
  const std::size_t start = at + before.size() + 1;
  const std::size_t end = line.find('"', start);
  return end == std::string_view::npos ? std::string() : std::string(line.substr(start, end - start));
}

// What a program says in front of the server's words, or in lines of its own.
void take_surroundings(std::string_view line, ProgramFailure& failure) {
  const auto fill = [&](std::string& field, std::string value) {
    if (field.empty()) field = std::move(value);
  };
  fill(failure.table, quoted_after(line, "COPY failed for table "));
  fill(failure.table, quoted_after(line, "Dumping the contents of table "));
  fill(failure.table, quoted_after(line, "vacuuming of table "));
  fill(failure.database, quoted_after(line, "processing of database "));
  constexpr std::string_view kEntry = "from TOC entry ";
  const std::size_t at = line.find(kEntry);
  if (at == std::string_view::npos) return;
  // "215; 1259 16390 VIEW orders postgres"
  std::string_view entry = line.substr(at + kEntry.size());
  for (int numbers = 0; numbers < 3; ++numbers)
    entry.remove_prefix(std::min(entry.find(' ') + 1, entry.size()));
  fill(failure.entry, std::string(trim(entry)));
}

// "psql:/dump/globals.sql:28: ERROR:  …"
int line_of_script(std::string_view line) {
  const std::size_t end = line.find(": ");
  if (!line.starts_with("psql:") || end == std::string_view::npos) return 0;
  const std::size_t start = line.rfind(':', end - 1);
  int number = 0;
  std::from_chars(line.data() + start + 1, line.data() + end, number);
  return number;
}

struct Field {
  std::string_view label;
  std::string ProgramFailure::*place;  // null: passed over
};
constexpr std::array<Field, 7> kFields = {{{"DETAIL:  ", &ProgramFailure::detail},
                                           {"HINT:  ", &ProgramFailure::hint},
                                           {"CONTEXT:  ", &ProgramFailure::context},
                                           {"QUERY:  ", nullptr},
                                           {"LOCATION:  ", nullptr},
                                           {"LINE ", nullptr},
                                           {kCommand, &ProgramFailure::statement}}};

bool is_of_program(std::string_view line) {
  constexpr std::array<std::string_view, 6> kPrograms = {
      "pg_restore: ", "pg_dump: ", "pg_dumpall: ", "psql: ", "vacuumdb: ", "initdb: "};
  return std::any_of(kPrograms.begin(), kPrograms.end(),
                     [&](std::string_view program) { return line.starts_with(program); });
}

// The program's own "detail:" and "hint:" lines are fields as well.
std::string_view without_program(std::string_view line) {
  for (const std::string_view label : {": detail: ", ": hint: "}) {
    const std::size_t at = line.find(label);
    if (is_of_program(line) && at != std::string_view::npos) return line.substr(at + label.size());
  }
  return line;
}

void add(std::string& text, std::string_view more, std::string_view between) {
  if (!text.empty()) text += between;
  text += more;
}

// The lines behind the error, up to the program's next word.
void take_fields(const std::vector<std::string>& lines, std::size_t from, ProgramFailure& failure) {
  std::string ProgramFailure::*place = &ProgramFailure::error;
  for (std::size_t index = from; index < lines.size(); ++index) {
    const std::string_view whole = lines[index];
    const std::string_view line = without_program(whole);
    if (line.size() == whole.size() && is_of_program(whole)) return;
    const auto field = std::find_if(kFields.begin(), kFields.end(),
                                    [&](const Field& known) { return line.starts_with(known.label); });
    if (place != &ProgramFailure::statement && field != kFields.end()) {
      place = field->place;
      if (place != nullptr && (failure.*place).empty()) failure.*place = line.substr(field->label.size());
    } else if (line.size() != whole.size()) {
      place = &ProgramFailure::hint;
      add(failure.hint, line, " ");
    } else if (place != nullptr) {
      add(failure.*place, line, place == &ProgramFailure::statement ? "\n" : "; ");
    }
  }
}

// Where the first error is: the server's own words, if any line has them, else the program's.
struct Found {
  std::size_t line = 0;
  std::size_t column = std::string::npos;
};
Found find_error(const std::vector<std::string>& lines) {
  for (std::size_t index = 0; index < lines.size(); ++index)
    for (const std::string_view severity : kSeverities)
      if (const std::size_t at = lines[index].find(severity); at != std::string::npos)
        return {.line = index, .column = at + severity.size()};
  constexpr std::string_view kOwn = ": error: ";
  for (std::size_t index = 0; index < lines.size(); ++index)
    if (const std::size_t at = lines[index].find(kOwn);
        is_of_program(lines[index]) && at != std::string::npos)
      return {.line = index, .column = at + kOwn.size()};
  return {};
}

}  // namespace

ProgramFailure parse_failure(const std::string& output) {
  ProgramFailure failure;
  const std::vector<std::string> lines = split_lines(output);
  const Found found = find_error(lines);
  if (found.column == std::string::npos) return failure;
  for (std::size_t index = 0; index <= found.line; ++index) take_surroundings(lines[index], failure);
  failure.line = line_of_script(lines[found.line]);
  failure.error = lines[found.line].substr(found.column);
  take_fields(lines, found.line + 1, failure);
  for (std::string* text :
       {&failure.error, &failure.detail, &failure.hint, &failure.context, &failure.statement})
    *text = std::string(trim(*text));
  return failure;
}

}  // namespace pgupgrade::postgres
