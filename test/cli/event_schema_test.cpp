// Every event that the program can print, held against the schema that lies beside the code that makes them.
#include <boost/json.hpp>

#include "cli/samples.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
using namespace pgupgrade::cli::test;
namespace bj = boost::json;

namespace {

using Findings = std::vector<std::string>;

std::vector<std::string> all_events() {
  const upgrade::StepEvent step{
      .number = 4, .total = 17, .step = "backup", .kind = upgrade::StepEventKind::done};
  const upgrade::Progress bytes{.step = "dump", .what = "database shop", .done = 7, .total = 0};
  const upgrade::Progress items{
      .step = "verify", .what = "", .done = 1, .total = 9, .unit = upgrade::Progress::Unit::items};
  migrate::Plan migration;
  migration.databases.emplace_back();
  Error error(ErrorKind::failed, "E-DUMP", "cannot do", "hint it");
  error.add_context("in step dump");
  RunStatus status{.state = shop_run(),
                   .state_file = "/s",
                   .data = "d",
                   .next = {"n"},
                   .leftovers = {},
                   .engine_problem = {}};
  upgrade::Report prepared = shop_report();
  prepared.outcome = RunOutcome::unfinished;
  RunStatus unknown = status;
  unknown.preparation = {"the copy follows"};
  unknown.engine_problem = "gone";
  return {version_event(5),
          plan_event(shop_plan(), shop_steps(), 5),
          migration_plan_event(migration, 5),
          step_event(step, 5),
          progress_event(bytes, std::nullopt, std::nullopt, 5),
          waiting_event({.now_ms = 5, .until_ms = 65, .ready = {"the copy of service db follows"}}, 5),
          progress_event(items, 2.5, 3200, 5),
          verify_event(shop_report().targets.front(), 5),
          verify_backup_event("/b/db.tar.zst", "9c", 10, 2, 5),
          diagnostic_event({Severity::warning, "W-POOLER", "m", "h"}, 5),
          report_summary(shop_report(), 0, 5),
          report_summary(prepared, 0, 5),
          report_summary(shop_rehearsal(), 0, 5),
          error_summary(error, {.data = "untouched", .log = "", .next = {"pgupgrade resume"}}, 5, 5),
          error_summary(error, {.data = "untouched", .log = "/l", .next = {}}, 5, 5),
          status_summary(status, 5),
          status_summary(unknown, 5),
          plain_summary("planned", {"a"}, 10, 5)};
}

Findings findings(const std::vector<std::string>& events) {
  return pgupgrade::test::schema_findings("cli/view/event.schema.json", events);
}

}  // namespace

TEST_CASE("every event is as the schema says") {
  CHECK(findings(all_events()) == Findings{});
}

TEST_CASE("an event with a field more or a field less is not as the schema says") {
  std::vector<std::string> more;
  std::vector<std::string> less;
  for (const std::string& event : all_events()) {
    bj::object changed = bj::parse(event).as_object();
    changed["news"] = 1;
    more.push_back(bj::serialize(changed));
    changed = bj::parse(event).as_object();
    changed.erase(changed.end() - 1);
    less.push_back(bj::serialize(changed));
  }
  CHECK(findings(more).size() == more.size());
  CHECK(findings(less).size() == less.size());
}

TEST_CASE("an event of another type is not as the schema says") {
  CHECK(findings({R"({"event": "party", "time_ms": 5})"}).size() == 1);
}
