// A plan, a run and a clock as the texts' tests want them.
#pragma once

#include <cstdint>

#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/model/run_state.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"

namespace pgupgrade::cli::test {

class SimulatedClock final : public Clock {
 public:
  std::int64_t unix_ms() const override { return 1'764'000'000'000 + now_.count(); }
  std::chrono::milliseconds monotonic() const override { return now_; }
  void pause(std::chrono::milliseconds length) override { now_ += length; }

 private:
  std::chrono::milliseconds now_{0};
};

inline Plan shop_plan() {
  TargetPlan target;
  target.service = "db";
  target.old_version = "15.8";
  target.old_major = 15;
  target.new_major = 17;
  target.old_image = "postgres:15";
  target.new_image = "postgres:17";
  target.data_mount = {MountKind::volume, "shop_pgdata", "/var/lib/postgresql/data", false};
  target.new_data_target = "/var/lib/postgresql/data";
  target.inventory.databases = {{.name = "postgres"},
                                {.name = "shop", .tables = 210},
                                {.name = "template1", .is_template = true, .tables = 2}};
  target.data_bytes = 41LL << 30;
  Plan plan;
  plan.run_id = "7f3a21bc";
  plan.project = "shop";
  plan.location.files = {"/srv/shop/docker-compose.yml"};
  plan.state_root = "/srv/shop/.pgupgrade";
  plan.targets = {target};
  plan.clients = {
      {.container_name = "shop-web-1", .project = "shop", .service = "web"},
      {.container_name = "shop-worker-1", .project = "shop", .service = "worker", .running = false},
      {.container_name = "bi-metabase-1", .project = "bi", .service = "metabase"}};
  plan.host_clients = {"psql from the host"};
  plan.edits = {{.file = "/srv/shop/docker-compose.yml",
                 .offset = 60,
                 .line = 7,
                 .old_text = "postgres:15",
                 .new_text = "postgres:17",
                 .before = "image: "}};
  plan.jobs = 4;
  plan.estimated_downtime_ms = 2'260'000;
  plan.disk = {{"the engine's volumes", 55LL << 30, 210LL << 30}, {"/srv/shop/.pgupgrade", 14LL << 30, -1}};
  plan.diagnostics = {{Severity::warning, "W-MD5-UNKNOWN", "role \"legacy\" keeps an md5 password",
                       "give it with --password-file, or keep md5 with --keep-md5"},
                      {Severity::note, "N-CHECKSUMS", "checksums stay off", ""}};
  plan.checks = {{.title = "the data is on a mount", .codes = {"E-DATA-MOUNT"}},
                 {.title = "nothing else mounts the data", .codes = {"E-VOLUME-SHARED"}},
                 {.title = "md5 passwords are known",
                  .codes = {"W-MD5-UNKNOWN"},
                  .outcome = CheckOutcome::warned,
                  .services = {"db"}},
                 {.title = "data checksums are as by default",
                  .codes = {"N-CHECKSUMS"},
                  .outcome = CheckOutcome::noted,
                  .services = {"db"}},
                 {.title = "the new image has every locale",
                  .codes = {"E-LOCALE-MISSING"},
                  .outcome = CheckOutcome::postponed}};
  return plan;
}

inline std::vector<upgrade::PlannedStep> shop_steps() {
  return {{1, "pull", "postgres:17", ' ', Phase::prepare, {}},
          {2, "wipe", "volume shop_pgdata", '-', Phase::window, {Point::replaces_data}},
          {3, "edit-compose", "docker-compose.yml", '~', Phase::window, {Point::declares}},
          {4, "start", "db", ' ', Phase::window, {Point::serves}},
          {5, "thaw", "web", ' ', Phase::window, {Point::releases_clients}}};
}

inline upgrade::Report shop_report() {
  upgrade::TargetReport target;
  target.service = "db";
  target.old_version = "15.8";
  target.new_version = "17.11";
  target.tables = 212;
  target.rows = 84'113'902;
  target.sequences = 61;
  target.roles = 1;
  target.backup_file = "/srv/shop/.pgupgrade/7f3a21bc/backup/db.tar.zst";
  target.backup_bytes = 12'240'656'794;
  target.backup_sha256 = "9c1e55aa00ff9c1e55aa00ff";
  target.logins_tried = 3;
  target.logins_accepted = 3;
  target.notes = {"role \"legacy\" keeps its md5 password"};
  return {.run_id = "7f3a21bc",
          .state_file = "/srv/shop/.pgupgrade/7f3a21bc/state.json",
          .outcome = RunOutcome::succeeded,
          .total_ms = 1'867'000,
          .downtime_ms = 1'852'000,
          .targets = {target}};
}

inline upgrade::Report shop_rehearsal() {
  upgrade::Report report = shop_report();
  report.total_ms = 600'000;
  report.downtime_ms = 0;
  report.rehearsal = true;
  report.targets[0].backup_file.clear();
  report.targets[0].logins_tried = 0;
  report.targets[0].notes.clear();
  report.parts = {{"restore", 300'000}, {"verify", 60'000}};
  report.measured_ms = 360'000;
  report.estimated_ms = 90'000;
  report.kept = {{.service = "db",
                  .container = "pgupgrade-7f3a21bc-db-kept",
                  .user = "the chief",
                  .database = "shop",
                  .port = 49153}};
  return report;
}

inline RunState shop_run() {
  RunState state;
  state.created_ms = 1'764'000'000'000;
  state.plan = shop_plan();
  state.steps = {
      {.step = "pull",
       .phase = StepPhase::done,
       .started_ms = 1'764'000'000'000,
       .ended_ms = 1'764'000'001'200},
      {.step = "dump", .phase = StepPhase::started, .attempt = 2, .started_ms = 1'764'000'002'000}};
  return state;
}

}  // namespace pgupgrade::cli::test
