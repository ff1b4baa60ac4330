#include "pgupgrade/postgres/row_rules.hpp"

#include "pgupgrade/base/json.hpp"
#include "postgres/ask.hpp"
#include "postgres/row_reader.hpp"
#include "postgres/row_rules_sql.hpp"

namespace pgupgrade::postgres {
namespace {

using boost::json::object;

constexpr ReadingTime kTime{.one = std::chrono::minutes(1), .all = std::chrono::minutes(10)};

// A statement that is cut off cures nothing.
constexpr std::size_t kLongestCure = 450;

// The server's words for bytes that are no text (SQLSTATE 22021); they come with their bytes.
constexpr const char* kNoText = "invalid byte sequence";

RowFinding check(RowReader& rows, const std::string& database, const object& rule) {
  const std::string owner = json::get_string(rule, "owner");
  const std::string broken = json::get_string(rule, "broken");
  const std::string kind = json::get_string(rule, "kind");
  RowFinding finding{.rule = json::get_string(rule, "rule"), .problem = rows.problem()};
  if (kind == kWithheldRule) finding.problem = "it calls functions of roles that are no superusers";
  if (!finding.problem.empty()) return finding;
  finding.problem = problem_of([&] {
    const auto answer = rows.rows(database, owner, count_broken_sql(broken));
    if (!answer.empty()) finding.rows = json::get_int(answer.front(), "broken");
  });
  if (kind == kEncodingRule) {
    const auto said = finding.problem.find(kNoText);
    if (said == std::string::npos) return finding;
    finding.rows = 1;
    finding.first_keys = finding.problem.substr(said, finding.problem.find('\n', said) - said);
    finding.problem.clear();
    return finding;
  }
  if (finding.rows == 0) return finding;
  finding.first_keys = rows.keys(database, owner, first_broken_sql(broken));
  if (kind == kComputedRule)
    finding.problem = "it depends on an expression, which the settings of the restore may make another";
  else if (broken.size() <= kLongestCure)
    finding.cure = broken;
  return finding;
}

}  // namespace

void read_row_rules(SqlReader& reader, Inventory& inventory, const Clock& clock) {
  RowReader rows(reader, inventory.version_num, clock, kTime);
  const std::string sql = row_rules_sql(inventory.version_num);
  for (DatabaseFacts& database : inventory.databases) {
    if (!database.allow_connections) continue;
    std::vector<object> rules;
    const std::string problem =
        problem_of([&] { rules = ask(reader, database.name, sql, "the rules of tables"); });
    if (!problem.empty())
      database.left_behind.problems.push_back("could not look for the rules of tables: " + problem);
    for (const object& rule : rules) {
      RowFinding finding = check(rows, database.name, rule);
      if (finding.rows > 0 || !finding.problem.empty())
        database.left_behind.rows.push_back(std::move(finding));
    }
  }
}

}  // namespace pgupgrade::postgres
