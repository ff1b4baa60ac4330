// The report's page, held against pages that lie beside this file. A change that is meant:
//   PGUPGRADE_GOLDEN=write build/release/test/cli_test "[page]"
// writes them anew; look at them in a browser before they are committed (scripts/campaign page).
#include "pgupgrade/cli/page/page.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "cli/samples.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

constexpr std::int64_t kStart = 1'764'000'000'000;
constexpr std::int64_t kSecond = 1000;

StepReport step(const std::string& name, Phase phase, std::int64_t from, std::int64_t to,
                std::int64_t bytes = 0) {
  return {.step = name,
          .description = "what " + name + " does",
          .phase = phase,
          .state = StepPhase::done,
          .started_ms = kStart + from * kSecond,
          .ended_ms = kStart + to * kSecond,
          .bytes = bytes};
}

RunReport succeeded() {
  const Plan plan = cli::test::shop_plan();
  const TargetPlan& target = plan.targets.front();
  RunReport report{.tool_version = "0.1.0",
                   .generation = 40,
                   .run_id = plan.run_id,
                   .project = plan.project,
                   .state_file = "/srv/shop/.pgupgrade/7f3a21bc/state.json",
                   .strategy = "dump",
                   .outcome = RunOutcome::succeeded,
                   .started_ms = kStart,
                   .ended_ms = kStart + 1867 * kSecond,
                   .downtime_started_ms = kStart + 15 * kSecond,
                   .downtime_ended_ms = kStart + 1867 * kSecond,
                   .estimated_downtime_ms = plan.estimated_downtime_ms,
                   .data = "upgraded and verified; the old data is in the backup",
                   .next = {"pgupgrade cleanup --state /srv/shop/.pgupgrade/7f3a21bc/state.json",
                            "pgupgrade rollback --discard-new-writes --state "
                            "/srv/shop/.pgupgrade/7f3a21bc/state.json"},
                   .stopped_clients = {"shop-web-1", "bi-metabase-1"},
                   .edits = plan.edits,
                   .edited = true,
                   .diagnostics = plan.diagnostics,
                   .accepted = {"E-XATTR"}};
  report.steps = {step("pull", Phase::prepare, 0, 15),
                  step("freeze", Phase::window, 15, 17),
                  step("backup", Phase::window, 17, 379, 12'240'656'794),
                  step("dump", Phase::window, 379, 900, 44'000'000'000),
                  step("restore", Phase::window, 900, 1700, 44'000'000'000),
                  step("verify", Phase::window, 1700, 1850),
                  step("thaw", Phase::window, 1850, 1867)};
  report.steps[3].attempt = 2;
  report.services = {{.service = "db",
                      .old_version = target.old_version,
                      .new_version = "17.11",
                      .old_image = target.old_image,
                      .new_image = target.new_image,
                      .data = "volume shop_pgdata",
                      .data_bytes = target.data_bytes,
                      .identical = true,
                      .counts = {.tables = 212, .rows = 84'113'902, .sequences = 61, .roles = 9},
                      .rows_compared = true,
                      .databases = {{.name = "postgres",
                                     .tables = 0,
                                     .old_rows = 0,
                                     .new_rows = 0,
                                     .sequences = 0,
                                     .objects = 3,
                                     .large_objects = 0},
                                    {.name = "shop",
                                     .tables = 210,
                                     .old_rows = 84'113'890,
                                     .new_rows = 84'113'890,
                                     .sequences = 61,
                                     .objects = 1204,
                                     .large_objects = 17},
                                    {.name = "template1",
                                     .tables = 2,
                                     .old_rows = 12,
                                     .new_rows = 12,
                                     .sequences = 0,
                                     .objects = 3,
                                     .large_objects = 0}},
                      .logins = {"app", "metabase", "shop"},
                      .logins_accepted = 3,
                      .backup_file = "/srv/shop/.pgupgrade/7f3a21bc/backup/db.tar.zst",
                      .backup_bytes = 12'240'656'794,
                      .backup_sha256 = "9c1e55aa00ff9c1e55aa00ff9c1e55aa00ff9c1e55aa00ff9c1e55aa00ff9c1e",
                      .notes = {"role \"legacy\" keeps its md5 password"}}};
  return report;
}

RunReport failed() {
  RunReport report = succeeded();
  report.outcome = RunOutcome::unfinished;
  report.edited = false;
  report.downtime_ended_ms = 0;
  report.ended_ms = kStart + 1000 * kSecond;
  report.steps.resize(5);
  report.steps.back().state = StepPhase::started;
  report.steps.back().ended_ms = 0;
  report.services.front().identical = false;
  report.services.front().databases = {{.name = "shop",
                                        .tables = 210,
                                        .old_rows = 84'113'890,
                                        .sequences = 61,
                                        .objects = 1204,
                                        .large_objects = 17}};
  report.services.front().logins.clear();
  report.data = "in the backup; the new cluster is not complete; the applications are stopped";
  report.next = {"pgupgrade resume", "pgupgrade rollback"};
  report.failure = {.code = "E-RESTORE",
                    .message = "could not restore database \"shop\": <b>no & space</b>\nsecond line",
                    .context = {"in step restore (5 of 7)"},
                    .hint = "free some space, then run `pgupgrade resume`"};
  return report;
}

RunReport rolled_back() {
  RunReport report = failed();
  report.outcome = RunOutcome::rolled_back;
  report.direction = Direction::back;
  report.turned_back_ms = kStart + 1000 * kSecond;
  std::int64_t at = report.turned_back_ms;
  for (auto one = report.steps.rbegin(); one != report.steps.rend(); ++one) {
    one->state = StepPhase::undone;
    if (one->ended_ms == 0) one->ended_ms = report.turned_back_ms;
    one->undo_started_ms = at;
    at += 20 * kSecond;
    one->undone_ms = at;
  }
  report.ended_ms = at;
  report.downtime_ended_ms = at - 20 * kSecond;
  report.data = "as before the run, PostgreSQL 15";
  report.next = {"pgupgrade cleanup"};
  return report;
}

void check_golden(const std::string& name, const RunReport& report) {
  const auto path = pgupgrade::test::test_data() / "cli" / "golden" / name;
  const std::string page = report_page(report);
  INFO("PGUPGRADE_GOLDEN=write build/release/test/cli_test \"[page]\" writes it anew");
  if (std::getenv("PGUPGRADE_GOLDEN") != nullptr) std::ofstream(path) << page;
  CHECK(read_file(path) == page);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the page of a success, of a failure and of a rollback", "[page]") {
  check_golden("report-succeeded.html", succeeded());
  check_golden("report-failed.html", failed());
  check_golden("report-rolled-back.html", rolled_back());
}

TEST_CASE("the page needs nothing but itself", "[page]") {
  for (const RunReport& report : {succeeded(), failed(), rolled_back(), RunReport{}}) {
    const std::string page = report_page(report);
    for (const char* outside :
         {"<script", "<link", "<img", "<iframe", "http://", "https://", "@import", "url("})
      CHECK_THAT(page, !ContainsSubstring(outside));
    CHECK_THAT(page, ContainsSubstring("default-src 'none'"));
    for (const char* element :
         {"section", "table", "ul", "dl", "pre", "main", "td", "tr", "th", "div", "span"})
      CHECK(count(page, std::string("<") + element + ">") + count(page, std::string("<") + element + " ") ==
            count(page, std::string("</") + element + ">"));
    CHECK(count(page, "<h1>") == 1);
  }
}

TEST_CASE("whatever a name holds, it is text on the page", "[page]") {
  const std::string evil = "</title><script>alert(1)</script>\"'&\x01";
  const std::string shown = "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;?";
  CHECK(html(evil) == shown);
  RunReport report = failed();
  report.run_id = report.project = report.state_file = report.strategy = report.data = evil;
  report.tool_version = evil;
  report.next = report.stopped_clients = report.accepted = {evil};
  report.failure = {.code = evil, .message = evil, .context = {evil}, .hint = evil};
  for (StepReport& one : report.steps) one.step = one.description = evil;
  report.edits = report.to_set = {{.file = evil, .old_text = evil, .new_text = evil}};
  report.diagnostics = {{Severity::warning, evil, evil, evil}};
  ServiceReport& service = report.services.front();
  service.service = service.old_version = service.new_version = service.old_image = service.new_image = evil;
  service.data = service.backup_file = service.backup_sha256 = service.old_data = service.kept_dumps = evil;
  service.logins = service.notes = {evil};
  service.databases.front().name = evil;
  const std::string page = report_page(report);
  CHECK_THAT(page, !ContainsSubstring("<script"));
  CHECK(count(page, "</title>") == 1);
  CHECK(count(page, shown) > 30);
}

TEST_CASE("the downtime is marked where it was, and only there", "[page]") {
  CHECK(count(report_page(succeeded()), "<tr class=\"down\">") == 6);
  RunReport report = succeeded();
  report.downtime_started_ms = report.downtime_ended_ms = 0;
  CHECK(count(report_page(report), "<tr class=\"down\">") == 0);
  CHECK_THAT(report_page(report), !ContainsSubstring("class=\"stands\""));
}

TEST_CASE("a rate is told of what took its time in one attempt", "[page]") {
  const std::string page = report_page(succeeded());
  CHECK_THAT(page, ContainsSubstring("11.4 GiB</td><td class=\"number\">32.2 MiB/s</td>"));
  CHECK(count(page, "/s</td>") == 2);  // the dump had a second attempt, so its time is not its own
}
