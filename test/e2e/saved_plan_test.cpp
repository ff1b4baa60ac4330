// A plan that is saved, left alone for a while and applied; and the report that the run leaves.
#include <boost/json.hpp>

#include "support/catch.hpp"
#include "support/project.hpp"
#include "support/schema.hpp"

namespace pgupgrade::test {
namespace {

const Words kPlan = {"plan", "--compose", "docker-compose.yml", "--to", "17", "--out", "plan.json"};

void expect(const Project& project, const Words& arguments, int exit_code, const std::string& says) {
  const ProcessResult result = project.pgupgrade(arguments);
  INFO(output_of(result));
  CHECK(result.exit_code == exit_code);
  CHECK_THAT(result.standard_output + result.standard_error, ContainsSubstring(says));
}

std::string part(const Project& project, const std::string& file, const char* key) {
  const auto whole = boost::json::parse(project.read(file));
  return boost::json::serialize(key == nullptr ? whole : whole.at(key));
}

}  // namespace

TEST_CASE(
    "a saved plan is applied as it is, or refused with what has changed, and the run leaves its report") {
  Project project("applied");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  project.sql("db", "postgres", "create table t as select generate_series(1, 100) as a");
  expect(project, kPlan, 0, "Saved. To carry out this very plan: pgupgrade apply plan.json");
  CHECK(schema_findings("model/saved-plan.schema.json", {part(project, "plan.json", "saved")}) == Words{});
  expect(project, {"apply", "plan.json", "--dry-run"}, 0, "The plan still fits.");

  project.sql("db", "postgres", "insert into t values (101)");
  project.sql("db", "postgres", "create role auditor");
  const std::string compose = project.read("docker-compose.yml");
  project.write("docker-compose.yml", compose + "# mine\n");
  expect(project, {"apply", "plan.json", "--yes"}, 3, "docker-compose.yml has changed\n");
  expect(project, {"apply", "plan.json", "--yes"}, 3, "service db: role \"auditor\" is new\n");
  CHECK(project.runs() == Words{});
  CHECK(project.server_version("db") == "13");

  project.write("docker-compose.yml", compose);
  project.sql("db", "postgres", "drop role auditor");
  expect(project, {"apply", "plan.json", "--yes"}, 0, "Report     .pgupgrade/");
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "postgres", "select count(*) from t") == "101");
  expect(project, {"apply", "plan.json", "--yes"}, 3, "has succeeded");

  const std::string run = project.runs().front();
  const std::string json = ".pgupgrade/" + run + "/report.json";
  const std::string page = project.read(".pgupgrade/" + run + "/report.html");
  CHECK(schema_findings("model/report.schema.json", {part(project, json, nullptr)}) == Words{});
  CHECK_THAT(page, ContainsSubstring("Upgraded. Old and new are identical:"));
  CHECK_THAT(page, ContainsSubstring("<th scope=\"row\">postgres</th>"));
  expect(project, {"report", run, "--html", "again.html"}, 0, "Written    again.html");
  CHECK(project.read("again.html") == page);
  const ProcessResult printed = project.pgupgrade({"report", "--json", "-"});
  CHECK(printed.standard_output == project.read(json));
}

}  // namespace pgupgrade::test
