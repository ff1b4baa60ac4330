// campaign [--match REGEX] PART…   runs the parts (all of them when none is named) and prints a table. Ends
// with exit 1 at the first invariant that does not hold; what it was found on is left for a look.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

void require(bool holds, const std::string& what) {
  if (!holds) throw Violation(what);
}

void require_same(const std::string& before, const std::string& after, const std::string& what) {
  if (before == after) return;
  const auto only_in = [](const std::string& one, const std::string& other, char sign) {
    const std::vector<std::string> others = split_lines(other);
    std::string lines;
    for (const std::string& line : split_lines(one))
      if (std::find(others.begin(), others.end(), line) == others.end())
        lines += fmt::format("\n{} {}", sign, line);
    return lines;
  };
  throw Violation(what + only_in(before, after, '-') + only_in(after, before, '+'));
}

void Cases::run(const std::string& name, const std::function<void()>& body) {
  if (!wants(name)) return;
  try {
    body();
  } catch (const std::exception& error) {
    throw Violation(fmt::format("{}: {}", name, error.what()));
  }
  ++passed_;
  fmt::print(stderr, "  ok: {}\n", name);
}

namespace {

struct Row {
  std::string part, shows;
  std::size_t passed = 0;
  std::string violation;
  std::chrono::seconds took{};
};

Row run_part(const Part& part, const std::string& match) {
  Row row{.part = part.name, .shows = part.shows};
  Cases cases(match);
  const auto begun = std::chrono::steady_clock::now();
  fmt::print(stderr, "{}\n", part.name);
  try {
    part.run(cases);
  } catch (const std::exception& error) {
    row.violation = error.what();
  }
  row.passed = cases.passed();
  row.took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  return row;
}

void print_table(const std::vector<Row>& rows) {
  fmt::print("\n{:<10} {:>6} {:>6} {:>6} {:>7}  {}\n", "part", "cases", "passed", "found", "seconds", "what");
  for (const Row& row : rows) {
    const std::size_t found = row.violation.empty() ? 0 : 1;
    fmt::print("{:<10} {:>6} {:>6} {:>6} {:>7}  {}\n", row.part, row.passed + found, row.passed, found,
               row.took.count(), row.shows);
  }
}

int run(std::vector<std::string> words) {
  std::string match;
  if (words.size() >= 2 && words[0] == "--match") {
    match = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  for (const std::string& word : words)
    if (std::none_of(catalog().begin(), catalog().end(),
                     [&](const Part& part) { return part.name == word; })) {
      fmt::print(stderr, "campaign: there is no part \"{}\"\n", word);
      return 2;
    }
  std::vector<Row> rows;
  for (const Part& part : catalog()) {
    if (!words.empty() && std::find(words.begin(), words.end(), part.name) == words.end()) continue;
    rows.push_back(run_part(part, match));
    if (!rows.back().violation.empty()) break;
  }
  print_table(rows);
  if (rows.back().violation.empty()) return 0;
  fmt::print("\nNOT SOUND: {}\n", rows.back().violation);
  return 1;
}

}  // namespace
}  // namespace pgupgrade::test::campaign

int main(int count, char** arguments) {
  return pgupgrade::test::campaign::run({arguments + 1, arguments + count});
}
