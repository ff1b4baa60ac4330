// README says what is compared and what is not, row for row as the rules do.
#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/version_differences.hpp"
#include "postgres/catalog_rules.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

using Rows = std::vector<std::string>;

namespace {

// One row for all that goes by the same reason, in the rules' order.
class Table {
 public:
  void add(std::string_view name, const std::string& rest) {
    const auto found = std::find(rests_.begin(), rests_.end(), rest);
    if (found == rests_.end()) {
      rests_.push_back(rest);
      names_.emplace_back(name);
    } else {
      names_[static_cast<std::size_t>(found - rests_.begin())] += fmt::format(", {}", name);
    }
  }
  Rows rows() const {
    Rows rows;
    for (std::size_t i = 0; i < rests_.size(); ++i)
      rows.push_back(fmt::format("| {} | {} |", names_[i], rests_[i]));
    return rows;
  }

 private:
  Rows rests_;
  Rows names_;
};

Rows rows_of_rules() {
  Table table;
  const auto add = [&](std::string_view name, std::string_view treatment, std::string_view reason) {
    table.add(name, fmt::format("{} | {}", treatment, reason));
  };
  for (const CatalogRule& rule : catalog_rules()) {
    if (!rule.reason.empty())
      add(rule.catalog, rule.left_out ? "left out" : "some rows left out", rule.reason);
  }
  add("xid (a type)", "left out", "it numbers the transactions of one cluster");
  for (const ColumnRule& rule : column_rules()) {
    if (rule.how == How::left_out) add(rule.column, "left out", rule.reason);
  }
  for (const ColumnRule& rule : column_rules()) {
    if (rule.how == How::rendered) add(rule.column, "in another form", rule.reason);
  }
  return table.rows();
}

Rows rows_of_versions() {
  Table table;
  for (const VersionDifference& entry : version_differences())
    table.add(entry.name, fmt::format("{} | {} | {}", entry.since == 0 ? "any" : std::to_string(entry.since),
                                      entry.difference, entry.reason));
  return table.rows();
}

Rows rows_in_readme(const std::string& heading) {
  const std::string readme = read_file(test::source_directory() / "README.md");
  const std::size_t start = readme.find("\n" + heading + "\n");
  if (start == std::string::npos) return {"README has no heading " + heading};
  const std::size_t end = std::min(readme.find("\n##", start + heading.size()), readme.size());
  Rows rows;
  for (const std::string& line : split_lines(readme.substr(start, end - start))) {
    if (line.starts_with("| ")) rows.push_back(line);
  }
  if (!rows.empty()) rows.erase(rows.begin());  // the table's head
  return rows;
}

}  // namespace

TEST_CASE("the README lists what is not compared and why") {
  REQUIRE(join(rows_in_readme("### What is not compared"), "\n") == join(rows_of_rules(), "\n"));
}

TEST_CASE("the README lists the differences that versions make by themselves") {
  REQUIRE(join(rows_in_readme("### Differences that versions make"), "\n") == join(rows_of_versions(), "\n"));
}
