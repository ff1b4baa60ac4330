#include "pgupgrade/model/schema.hpp"

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>

#include "model/samples.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/json.hpp"
#include "pgupgrade/model/run_report.hpp"
#include "pgupgrade/model/saved_plan.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/schema.hpp"

using namespace pgupgrade;
using Findings = std::vector<std::string>;

namespace {

void check_file(const char* name, const boost::json::object& schema) {
  const auto path = pgupgrade::test::source_directory() / "src" / "model" / name;
  INFO("PGUPGRADE_WRITE_SCHEMAS=1 build/release/test/model_test \"the schemas*\" writes the files");
  if (std::getenv("PGUPGRADE_WRITE_SCHEMAS") != nullptr) std::ofstream(path) << json::pretty(schema);
  CHECK(read_file(path) == json::pretty(schema));
}

Findings findings(const char* schema, const boost::json::value& document) {
  return pgupgrade::test::schema_findings(std::string("model/") + schema, {boost::json::serialize(document)});
}

}  // namespace

TEST_CASE("the schemas beside the types are what the types say") {
  check_file("plan.schema.json", plan_schema());
  check_file("state.schema.json", state_schema());
  check_file("saved-plan.schema.json", saved_plan_schema());
  check_file("report.schema.json", run_report_schema());
}

TEST_CASE("a plan and a state with every field set are as their schemas say") {
  CHECK(findings("plan.schema.json", to_json(samples::plan())) == Findings{});
  CHECK(findings("plan.schema.json", to_json(Plan{})) == Findings{});
  CHECK(findings("state.schema.json", to_json(samples::run_state())) == Findings{});
}

TEST_CASE("a schema refuses a field that it does not know, and a value of another kind") {
  boost::json::value plan = to_json(samples::plan());
  plan.at("targets").at(0).as_object()["news"] = 1;
  CHECK(findings("plan.schema.json", plan) ==
        Findings{"document 0: targets.0: Additional properties are not allowed ('news' was unexpected)"});
  plan = to_json(samples::plan());
  plan.at("jobs") = "four";
  CHECK(findings("plan.schema.json", plan) == Findings{"document 0: jobs: 'four' is not of type 'integer'"});
  plan = to_json(samples::plan());
  plan.as_object().erase("run_id");
  CHECK(findings("plan.schema.json", plan) ==
        Findings{"document 0: the whole: 'run_id' is a required property"});
  boost::json::value state = to_json(samples::run_state());
  state.at("outcome") = "fine";
  CHECK(findings("state.schema.json", state).size() == 1);
}

TEST_CASE("a plan of an older program, which lacks what came later, is as the schema says") {
  boost::json::value plan = to_json(samples::plan());
  for (const char* later : {"strategy", "strategy_reason", "strategies", "verify", "steps",
                            "backup_directory", "edit_files", "to_set", "keep_going", "checks"})
    CHECK(plan.as_object().erase(later) == 1);
  CHECK(findings("plan.schema.json", plan) == Findings{});
}
