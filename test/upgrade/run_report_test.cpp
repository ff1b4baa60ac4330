// What is to be told of a run, made of its state and what lies in its directory.
#include "pgupgrade/upgrade/command/run_report.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "support/catch.hpp"
#include "support/schema.hpp"
#include "support/world/scene.hpp"
#include "upgrade/error_of.hpp"

namespace pgupgrade::test {
namespace {

RunReport report_of(const Scene& scene, const upgrade::Heard& heard = {}) {
  return upgrade::make_run_report(upgrade::Journal::open_file(scene.state_file()), heard, "0.1.0");
}

// As a run does when it ends.
void write(const Scene& scene, const RunReport& report) {
  write_file_durably(scene.run_directory() / "report.json", json::pretty(to_json(report)));
}

const StepReport& step_of(const RunReport& report, const std::string& name) {
  const auto found = std::find_if(report.steps.begin(), report.steps.end(),
                                  [&](const auto& step) { return step.step == name; });
  REQUIRE(found != report.steps.end());
  return *found;
}

std::int64_t rows_of(const Database& database) {
  std::int64_t rows = 0;
  for (const auto& [name, content] : database.tables) rows += static_cast<std::int64_t>(content.size());
  return rows;
}

}  // namespace

TEST_CASE("the report of a success tells what was compared, of each database") {
  Scene scene({.targets = 2});
  scene.start();
  const RunReport report = report_of(scene, {.bytes = {{"backup", 4711}}, .failure = {}});
  CHECK(report.outcome == RunOutcome::succeeded);
  CHECK(report.steps.size() == scene.plan.steps.size());
  CHECK(step_of(report, "backup").bytes == 4711);
  CHECK_FALSE(step_of(report, "backup").description.empty());
  CHECK(report.downtime_started_ms == step_of(report, "freeze").started_ms);
  CHECK(report.downtime_ended_ms == step_of(report, "thaw").ended_ms);
  CHECK(report.ended_ms >= report.downtime_ended_ms);
  CHECK(report.edited);
  CHECK(report.edits == scene.plan.edits);
  CHECK(report.failure.code == "");
  REQUIRE(report.services.size() == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    const ServiceReport& service = report.services[index];
    CHECK(service.identical);
    CHECK(service.backup_bytes > 0);
    CHECK(service.new_version == "17.6");
    REQUIRE(service.databases.size() == scene.original[index].databases.size());
    for (const DatabaseReport& database : service.databases) {
      INFO(service.service << " " << database.name);
      CHECK(database.old_rows == rows_of(scene.original[index].databases.at(database.name)));
      CHECK(database.new_rows == database.old_rows);
    }
  }
}

TEST_CASE("a report holds no secret, and is as its schema says, whatever became of the run") {
  std::vector<std::string> documents;
  const auto keep = [&](const Scene& scene, const upgrade::Heard& heard = {}) {
    const RunReport report = report_of(scene, heard);
    documents.push_back(boost::json::serialize(to_json(report)));
    CHECK(run_report_from_json(to_json(report)) == report);
    for (const char* secret : {"sesame-old", "app-secret"})
      CHECK_THAT(documents.back(), !ContainsSubstring(secret));
  };
  Scene done;
  done.start();
  keep(done);
  Scene prepared({.unlogged = false, .strategy = "warm"});
  prepared.prepare();
  keep(prepared);
  Scene dead({.edit_files = false});
  dead.die_at("restore:globals-restored");
  keep(dead, {.bytes = {},
              .failure = {.code = "E-RESTORE",
                          .message = "could not do: ALTER ROLE a PASSWORD 'app-secret'",
                          .context = {"in step restore"},
                          .hint = "postgres://app:app-secret@db/shop"}});
  dead.roll_back();
  keep(dead);
  CHECK(schema_findings("model/report.schema.json", documents) == std::vector<std::string>{});
}

TEST_CASE("the report of a run that stopped says so, and the downtime goes on") {
  Scene scene;
  scene.die_at("restore:globals-restored");
  const RunReport report = report_of(scene);
  CHECK(report.outcome == RunOutcome::unfinished);
  CHECK(report.downtime_started_ms != 0);
  CHECK(report.downtime_ended_ms == 0);
  CHECK_FALSE(report.services.front().identical);
  CHECK_FALSE(report.edited);
  CHECK(step_of(report, "restore").state == StepPhase::started);
  CHECK(step_of(report, "restore").ended_ms == 0);
  // Of both sides only the old one was read.
  CHECK(report.services.front().databases.front().new_rows == -1);
  CHECK_THAT(report.next.front(), Catch::Matchers::StartsWith("pgupgrade resume"));
}

TEST_CASE("what failed is told until the run has come to its end") {
  Scene scene;
  scene.die_at("restore:globals-restored");
  write(scene,
        report_of(scene, {.bytes = {{"dump", 12}},
                          .failure = {.code = "E-RESTORE", .message = "m", .context = {}, .hint = ""}}));
  CHECK(report_of(scene).failure.code == "E-RESTORE");
  CHECK(step_of(report_of(scene), "dump").bytes == 12);
  Scene back;
  back.die_at("restore:globals-restored");
  write(back, report_of(back, {.bytes = {},
                               .failure = {.code = "E-RESTORE", .message = "m", .context = {}, .hint = ""}}));
  back.roll_back();
  CHECK(report_of(back).failure.code == "E-RESTORE");
  scene.resume();
  CHECK(report_of(scene).failure.code == "");
  CHECK(step_of(report_of(scene), "dump").bytes == 12);
}

TEST_CASE("a run that went back has the times of both ways") {
  Scene scene;
  scene.die_at("restore:globals-restored");
  scene.roll_back();
  const RunReport report = report_of(scene);
  CHECK(report.outcome == RunOutcome::rolled_back);
  CHECK(report.downtime_started_ms == step_of(report, "freeze").started_ms);
  CHECK(report.downtime_ended_ms == step_of(report, "freeze").undone_ms);
  CHECK_FALSE(report.edited);
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    const StepReport& step = report.steps[i];
    INFO(step.step);
    CHECK(step.state == StepPhase::undone);
    CHECK(step.started_ms <= step.ended_ms);
    CHECK(step.ended_ms <= report.turned_back_ms);
    CHECK(report.turned_back_ms <= step.undo_started_ms);
    CHECK(step.undo_started_ms <= step.undone_ms);
    if (i > 0) CHECK(report.steps[i - 1].undo_started_ms == step.undone_ms);
  }
}

TEST_CASE("a rollback after the applications ran again counts its own downtime") {
  Scene scene;
  scene.start();
  scene.roll_back();
  const RunReport report = report_of(scene);
  CHECK(report.downtime_started_ms == report.turned_back_ms);
  CHECK(report.downtime_ended_ms >= report.downtime_started_ms);
}

TEST_CASE("cleanup leaves the report, and what it tells can be told again") {
  Scene scene;
  scene.start();
  const RunReport before = report_of(scene);
  write(scene, before);
  write_file_durably(scene.run_directory() / "report.html", "page");
  upgrade::World world = scene.world();
  upgrade::clean_up(scene.state_file(), world);
  CHECK(read_file(scene.run_directory() / "report.html") == "page");
  CHECK_FALSE(std::filesystem::exists(scene.run_directory() / "fingerprint-db-old.json"));
  const RunReport after = report_of(scene);
  CHECK(after.outcome == RunOutcome::cleaned);
  CHECK(after.services.front().databases == before.services.front().databases);
}

}  // namespace pgupgrade::test
