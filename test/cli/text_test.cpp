#include <fmt/format.h>

#include "cli/samples.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/command/doctor.hpp"
#include "pgupgrade/cli/text/error_text.hpp"
#include "pgupgrade/cli/text/render_plan.hpp"
#include "pgupgrade/cli/text/render_report.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
using namespace pgupgrade::cli::test;

TEST_CASE("the whole plan as text") {
  REQUIRE(render_plan(shop_plan(), shop_steps(), "/srv/shop", {.width = 110}) ==
          R"(Plan for shop (docker-compose.yml, service db)                                run 7f3a21bc

What will happen
  PostgreSQL  15.8 → 17   postgres:15 → postgres:17
  Data        volume shop_pgdata at /var/lib/postgresql/data, 41.0 GiB, 2 databases, 212 tables
  Stops       web, worker (not running), metabase (project bi)
  Connected   psql from the host
  Edits       docker-compose.yml:7
              - image: postgres:15
              + image: postgres:17

What it costs
  Downtime    about 38 min (41.0 GiB of data, 4 jobs, default rates)
  Disk        the engine's volumes: needs 55.0 GiB, has 210.0 GiB
              .pgupgrade: needs 14.0 GiB, free space unknown
  Way back    a verified backup of the old data (--backup tar)

What was looked at
  Checks      2 passed, 1 note, 1 warning, 1 once the new image is here   (--verbose lists them)
  ! role "legacy" keeps an md5 password   (W-MD5-UNKNOWN)
    → give it with --password-file, or keep md5 with --keep-md5
  · checksums stay off   (N-CHECKSUMS)

Steps
   1   pull         postgres:17            4   start        db
   2 - wipe         volume shop_pgdata     5   thaw         web
   3 ~ edit-compose docker-compose.yml

Up to step 4 `pgupgrade rollback` loses nothing. Nothing has been changed yet.
)");
}

TEST_CASE("each thing that was looked at has a line when that is asked for, in as many columns as fit") {
  const auto list = [](std::size_t width) {
    return render_check_list(shop_plan().checks, {.width = width}, ChecksShown::listed);
  };
  CHECK(list(60) ==
        "  Checks      2 passed, 1 note, 1 warning, 1 once the new\n"
        "              image is here\n"
        "  ✔ the data is on a mount\n"
        "  ✔ nothing else mounts the data\n"
        "  ! md5 passwords are known (db)\n"
        "  · data checksums are as by default (db)\n"
        "  … the new image has every locale\n");
  CHECK(list(200) ==
        "  Checks      2 passed, 1 note, 1 warning, 1 once the new image is here\n"
        "  ✔ the data is on a mount                   ! md5 passwords are known (db)             … the new "
        "image has every locale\n"
        "  ✔ nothing else mounts the data             · data checksums are as by default (db)\n");
  CHECK(render_check_list({}, {}, ChecksShown::listed).empty());
}

// Ten services: what they share stands once, and what is done for each is told of the first.
TEST_CASE("a plan of many services is a table at eighty and at two hundred columns") {
  Plan plan = shop_plan();
  plan.clients.clear();
  plan.host_clients.clear();
  plan.diagnostics.clear();
  plan.checks = {{.title = "nothing else mounts the data", .codes = {"E-VOLUME-SHARED"}}};
  const TargetPlan first = plan.targets[0];
  const FileEdit edit = plan.edits[0];
  plan.targets.clear();
  plan.edits.clear();
  for (int i = 0; i < 10; ++i) {
    plan.targets.push_back(first);
    plan.targets.back().service = fmt::format("db{}", i);
    plan.targets.back().data_mount.source = fmt::format("shop_data{}", i);
    plan.targets.back().data_bytes = (1LL << 20) << i;
    plan.edits.push_back(edit);
    plan.edits.back().line = 4 + 4 * i;
  }
  auto steps = shop_steps();
  steps[1].description = "volume shop_data0; volume shop_data1; volume shop_data2; volume shop_data3";
  const std::string narrow = render_plan(plan, steps, "/srv/shop", {.width = 80});
  CHECK(narrow == R"(Plan for shop (docker-compose.yml, 10 services)                     run 7f3a21bc

What will happen
  PostgreSQL  15.8 → 17   postgres:15 → postgres:17
  Data        db0  volume shop_data0  1.0 MiB    2 databases, 212 tables
              db1  volume shop_data1  2.0 MiB    2 databases, 212 tables
              db2  volume shop_data2  4.0 MiB    2 databases, 212 tables
              db3  volume shop_data3  8.0 MiB    2 databases, 212 tables
              db4  volume shop_data4  16.0 MiB   2 databases, 212 tables
              db5  volume shop_data5  32.0 MiB   2 databases, 212 tables
              db6  volume shop_data6  64.0 MiB   2 databases, 212 tables
              db7  volume shop_data7  128.0 MiB  2 databases, 212 tables
              db8  volume shop_data8  256.0 MiB  2 databases, 212 tables
              db9  volume shop_data9  512.0 MiB  2 databases, 212 tables
  Stops       no other containers
  Edits       docker-compose.yml:4, 8, 12, 16, 20, 24, 28, 32, 36, 40
              - image: postgres:15
              + image: postgres:17

What it costs
  Downtime    about 38 min (1023.0 MiB of data, 4 jobs, default rates)
  Disk        the engine's volumes: needs 55.0 GiB, has 210.0 GiB
              .pgupgrade: needs 14.0 GiB, free space unknown
  Way back    a verified backup of the old data (--backup tar)

What was looked at
  Checks      1 passed   (--verbose lists them)

Steps
   1   pull         postgres:17
   2 - wipe         volume shop_data0; and 3 more
   3 ~ edit-compose docker-compose.yml
   4   start        db
   5   thaw         web

Up to step 4 `pgupgrade rollback` loses nothing. Nothing has been changed yet.
)");
  const std::string wide = render_plan(plan, steps, "/srv/shop", {.width = 200});
  CHECK_THAT(wide,
             ContainsSubstring("              db9  volume shop_data9  512.0 MiB  2 databases, 212 tables\n"));
  CHECK_THAT(wide, ContainsSubstring("   3 ~ edit-compose docker-compose.yml\n"));
  for (std::size_t width : {80U, 120U, 200U})
    for (const std::string& line : split_lines(render_plan(plan, steps, "/srv/shop", {.width = width})))
      CHECK(display_width(line) <= width);
}

TEST_CASE(
    "the strategies stand side by side on eighty columns, with what each changes and why it does not suit") {
  Plan plan = shop_plan();
  plan.strategy = "warm";
  plan.strategy_reason = "auto: dump would be down for 38:00";
  plan.outlooks = {{.name = "dump",
                    .downtime_ms = 2'260'000,
                    .basis = "default rates",
                    .room_bytes = 55LL << 30,
                    .way_back = "the backup",
                    .changes = {"2 generated columns computed anew", "1 invalid index left out"}},
                   {.name = "warm",
                    .downtime_ms = 15'000,
                    .basis = "rates of run 7f3a21bc",
                    .room_bytes = 42LL << 30,
                    .way_back = "the old data stays",
                    .obstacles = {"service db cannot be copied while it runs: its wal_level is minimal → set "
                                  "wal_level to replica, its default, and restart the service"}}};
  const std::string text = render_plan(plan, shop_steps(), "/srv/shop", {.width = 80});
  REQUIRE_THAT(text, ContainsSubstring(
                         R"(  Downtime    about 38 min (41.0 GiB of data, 4 jobs, rates of run 7f3a21bc)
  Strategy    warm (auto: dump would be down for 38:00)
            downtime  room      way back            basis
      dump  38 min    55.0 GiB  the backup          default rates
        changes: 2 generated columns computed anew, 1 invalid index left out
    > warm  20 s      42.0 GiB  the old data stays  rates of run 7f3a21bc
        does not suit: service db cannot be copied while it runs: its wal_level
        is minimal → set wal_level to replica, its default, and restart the
        service
  Disk )"));
  for (const std::string& line : split_lines(text)) REQUIRE(display_width(line) <= 80);
}

TEST_CASE("a narrow terminal gets one column of steps and wrapped rows") {
  const std::string text = render_plan(shop_plan(), shop_steps(), "/srv/shop", {.width = 50});
  REQUIRE_THAT(
      text, ContainsSubstring("   1   pull         postgres:17\n   2 - wipe         volume shop_pgdata\n"));
  REQUIRE_THAT(text, ContainsSubstring(
                         "  Stops       web, worker (not running), metabase\n              (project bi)\n"));
}

TEST_CASE("the plan of a plain container has a docker run line that can be copied") {
  Plan plan = shop_plan();
  plan.site = kContainerSite;
  plan.project = "pg";
  plan.location = {};
  plan.edits.clear();
  plan.targets.front().service = "pg";
  plan.targets.front().run_line =
      "docker run --detach --name pg --volume shop_pgdata:/var/lib/postgresql/data --health-cmd 'pg_isready "
      "-U postgres' "
      "postgres:17";
  const std::string text = render_plan(plan, shop_steps(), "/", {.width = 80});
  REQUIRE_THAT(text, ContainsSubstring("Plan for container pg "));
  REQUIRE_THAT(text, ContainsSubstring("  Amounts to  docker run --detach --name pg --volume \\\n"
                                       "              shop_pgdata:/var/lib/postgresql/data --health-cmd \\\n"
                                       "              'pg_isready -U postgres' postgres:17\n"));
}

TEST_CASE("several targets are told apart and other plans for passwords and mounts are shown") {
  Plan plan = shop_plan();
  plan.targets.push_back(plan.targets.front());
  plan.targets.back().service = "audit";
  plan.targets.back().old_image = "pg:15";
  plan.targets.back().new_image = "pg:17";
  plan.targets.back().data_mount = {MountKind::bind, "/srv/audit", "/var/lib/postgresql/data", false};
  plan.targets.back().new_data_target = "/var/lib/postgresql";
  plan.targets.back().roles = {{"app", PasswordAction::to_scram, "PGPASSWORD of service web"},
                               {"old", PasswordAction::keep_md5, ""}};
  plan.targets.back().dropped_settings = {"vacuum_defer_cleanup_age"};
  const std::string text = render_plan(plan, shop_steps(), "/", {.width = 120});
  REQUIRE_THAT(text, ContainsSubstring("Plan for shop (srv/shop/docker-compose.yml, services db, audit)"));
  REQUIRE_THAT(text, ContainsSubstring("  PostgreSQL  15.8 → 17   postgres:15 → postgres:17   (db)\n"
                                       "              15.8 → 17   pg:15 → pg:17   (audit)\n"));
  REQUIRE_THAT(text, ContainsSubstring(
                         "  Data        db     volume shop_pgdata    41.0 GiB  2 databases, 212 tables\n"
                         "              audit  directory /srv/audit  41.0 GiB  2 databases, 212 tables\n"));
  REQUIRE_THAT(text,
               ContainsSubstring("  Moves       audit: the data's mount from /var/lib/postgresql/data to "
                                 "/var/lib/postgresql\n"));
  REQUIRE_THAT(text, ContainsSubstring(
                         "  Passwords   audit: app to SCRAM (PGPASSWORD of service web), old keeps md5\n"));
  REQUIRE_THAT(text, ContainsSubstring("  Settings    audit: not carried over, since 17 does not know them: "
                                       "vacuum_defer_cleanup_age\n"));
}

TEST_CASE("names from outside cannot steer the terminal") {
  Plan plan = shop_plan();
  plan.project = "sh\x1b[2Jop";
  plan.clients[0].service = "we\rb";
  const std::string text = render_plan(plan, shop_steps(), "/srv/shop", {});
  REQUIRE(text.find('\x1b') == std::string::npos);
  REQUIRE(text.find('\r') == std::string::npos);
}

TEST_CASE("the whole summary of an upgrade") {
  REQUIRE(render_report(shop_report(), "shop", "/srv/shop", {}) ==
          "Upgraded shop: 15.8 → 17.11 in 31:07, downtime 30:52\n"
          "Verified 212 tables, 84,113,902 rows, 61 sequences, 1 role: identical. Logins 3 of 3.\n"
          "Backup     .pgupgrade/7f3a21bc/backup/db.tar.zst (11.4 GiB, sha256 9c1e55aa00ff…)\n"
          "Note       role \"legacy\" keeps its md5 password\n"
          "Roll back  pgupgrade rollback --discard-new-writes\n"
          "Clean up   pgupgrade cleanup\n");
}

TEST_CASE("the whole summary of an upgrade that gave a service up") {
  upgrade::Report report = shop_report();
  report.targets.push_back({.service = "wiki-db",
                            .old_version = "13.2",
                            .new_version = "17",
                            .failure = "E-RESTORE: could not restore database \"wiki\""});
  report.targets[0].notes.clear();
  CHECK(render_report(report, "shop", "/srv/shop", {}) ==
        "Upgraded shop: 1 of 2 services in 31:07, downtime 30:52\n"
        "Service db: 15.8 → 17.11\n"
        "Verified 212 tables, 84,113,902 rows, 61 sequences, 1 role: identical. Logins 3 of 3.\n"
        "Backup     .pgupgrade/7f3a21bc/backup/db.tar.zst (11.4 GiB, sha256 9c1e55aa00ff…)\n"
        "Service wiki-db is PostgreSQL 13.2, as before. Failed: E-RESTORE: could not restore database "
        "\"wiki\"\n"
        "Roll back  pgupgrade rollback --discard-new-writes\n"
        "Clean up   pgupgrade cleanup\n");
  report.outcome = RunOutcome::unfinished;
  report.halt = Until::prepared;
  CHECK_THAT(render_report(report, "shop", "/srv/shop", {}),
             ContainsSubstring("was changed.\nService wiki-db is PostgreSQL 13.2, as before. Failed: "));
}

TEST_CASE("the plan says what becomes of a service that fails") {
  Plan plan = shop_plan();
  plan.targets.push_back(plan.targets[0]);
  const std::string line = "a service that fails goes back alone, the others are upgraded";
  CHECK_THAT(render_plan(plan, shop_steps(), "/srv/shop", {}), !ContainsSubstring(line));
  plan.keep_going = true;
  CHECK_THAT(render_plan(plan, shop_steps(), "/srv/shop", {}), ContainsSubstring("  Failures    " + line));
}

TEST_CASE("the whole summary of a rehearsal") {
  CHECK(render_report(shop_rehearsal(), "shop", "/srv/shop", {}) ==
        "Rehearsed the upgrade of shop: 15.8 → 17.11 in 10:00\n"
        "Nothing was stopped, and nothing of yours was changed.\n"
        "Verified 212 tables, 84,113,902 rows, 61 sequences, 1 role: identical.\n"
        "Measured   restore      5:00\n"
        "           verify       1:00\n"
        "Downtime   about 7:30: 6:00 measured, about 1:30 estimated for the backup and for stopping and "
        "starting\n"
        "Server     db: postgresql://the%20chief@127.0.0.1:49153/shop, with the passwords of its roles\n"
        "Clean up   pgupgrade cleanup removes the kept server\n");
}

TEST_CASE("the summary sets the forecast against what came") {
  upgrade::Report report = shop_report();
  report.downtime_ms = 12'000;
  report.forecast_ms = 15'000;
  REQUIRE_THAT(render_report(report, "shop", "/srv/shop", {}),
               ContainsSubstring(" in 31:07, downtime 12.0 s (forecast 15.0 s)\n"));
}

TEST_CASE("the whole summary of a rollback") {
  upgrade::Report report = shop_report();
  report.outcome = RunOutcome::rolled_back;
  report.total_ms = 20'000;
  REQUIRE(render_report(report, "shop", "/srv/shop", {}) ==
          "Rolled back shop in 20.0 s\n"
          "Service db is PostgreSQL 15.8 again, everything as before.\n"
          "Clean up   pgupgrade cleanup\n");
}

TEST_CASE("the whole status of a run") {
  RunStatus status{.state = shop_run(),
                   .state_file = "/srv/shop/.pgupgrade/7f3a21bc/state.json",
                   .data = "untouched, still PostgreSQL 15; the applications are stopped",
                   .next = {"pgupgrade resume", "pgupgrade rollback"},
                   .leftovers = {"container pgupgrade-7f3a21bc-db"},
                   .engine_problem = ""};
  const std::string head =
      "Run 7f3a21bc   shop: db 15.8 → 17\n"
      "  State      unfinished, in step dump\n"
      "  Started    2025-11-24 16:00:00 UTC\n"
      "  Data       untouched, still PostgreSQL 15; the applications are stopped\n"
      "  Steps\n"
      "    ✔ pull done         2025-11-24 16:00:00 UTC     1.2 s\n"
      "    ▸ dump started      2025-11-24 16:00:02 UTC  attempt 2\n";
  const std::string tail =
      "  File       .pgupgrade/7f3a21bc/state.json\n"
      "  Next       pgupgrade resume\n"
      "             pgupgrade rollback\n";
  REQUIRE(render_status(status, "/srv/shop", {}) ==
          head + "  Leftovers  container pgupgrade-7f3a21bc-db\n" + tail);
  status.leftovers.clear();
  REQUIRE(render_status(status, "/srv/shop", {}) == head + "  Leftovers  no containers, no volumes\n" + tail);
  status.engine_problem = "could not reach the engine";
  REQUIRE(render_status(status, "/srv/shop", {}) ==
          head + "  Leftovers  unknown: could not reach the engine\n" + tail);
}

TEST_CASE("cleanup says what will be and what was removed") {
  const upgrade::CleanupReport report{.removed = {"volume a", "file b"}, .freed_bytes = 2048};
  REQUIRE(render_cleanup(report, false, {}) ==
          "Will be removed for good:\n  - volume a\n  - file b\nFrees 2.0 KiB\n");
  REQUIRE(render_cleanup(report, true, {}) == "Removed:\n  ✔ volume a\n  ✔ file b\nFreed 2.0 KiB\n");
  REQUIRE(render_cleanup({}, false, {}) == "Nothing to remove.\n");
}

TEST_CASE("locks are listed with their holders") {
  REQUIRE(render_locks({{.container = "c",
                         .id = "c0ffee",
                         .run_id = "7f3a",
                         .holder = "me@host, process 12, /srv/c.yml",
                         .data = "volume shop_pgdata",
                         .state_root = "/srv/.pgupgrade"}},
                       {}) ==
          "volume shop_pgdata\n  run     7f3a\n  holder  me@host, process 12, /srv/c.yml\n");
}

TEST_CASE("the whole form of an error") {
  Error error(ErrorKind::failed, "E-LOCALE-MISSING",
              "could not create database \"shop\": the new image has no locale \"de_DE.utf8\"\nsaid initdb",
              "choose another image with --image");
  error.add_context("in step restore (10 of 17)");
  Situation situation{.data = "untouched, still PostgreSQL 15; the applications are stopped",
                      .log = ".pgupgrade/7f3a/run.log",
                      .next = {"pgupgrade resume", "pgupgrade rollback"}};
  REQUIRE(error_text(error, situation, {}) ==
          "error[E-LOCALE-MISSING]: could not create database \"shop\": the new image has no locale "
          "\"de_DE.utf8\"\n"
          "  said initdb\n"
          "  while:     in step restore (10 of 17)\n"
          "  your data: untouched, still PostgreSQL 15; the applications are stopped\n"
          "  log:       .pgupgrade/7f3a/run.log\n"
          "  hint:      choose another image with --image\n"
          "  then:      pgupgrade resume\n"
          "  or:        pgupgrade rollback\n");
}

TEST_CASE("an error before a run says that the data is untouched") {
  REQUIRE(error_text({ErrorKind::usage, "E-USAGE", "could not find a command \"x\""}, {}, {}) ==
          "error[E-USAGE]: could not find a command \"x\"\n  your data: untouched\n");
}

TEST_CASE("manual steps of several lines keep their column") {
  REQUIRE(
      error_text({ErrorKind::failed, "E-PUT-BACK", "cannot undo", "first\nsecond"}, {}, {}) ==
      "error[E-PUT-BACK]: cannot undo\n  your data: untouched\n  hint:      first\n             second\n");
}

TEST_CASE("each kind of error has its exit code") {
  const auto code = [](ErrorKind kind, RunStanding standing, Moment moment = Moment::outside,
                       int signal = 2) {
    Error error(kind, "E-INTERNAL", "cannot do");
    error.set_moment(moment);
    return exit_code(error, standing, signal);
  };
  REQUIRE(code(ErrorKind::internal, RunStanding::none) == 1);
  REQUIRE(code(ErrorKind::usage, RunStanding::none) == 2);
  REQUIRE(code(ErrorKind::refused, RunStanding::none) == 3);
  REQUIRE(code(ErrorKind::failed, RunStanding::none) == 3);
  REQUIRE(code(ErrorKind::failed, RunStanding::rolled_back) == 4);
  REQUIRE(code(ErrorKind::failed, RunStanding::resumable) == 5);
  REQUIRE(code(ErrorKind::difference, RunStanding::resumable) == 6);
  REQUIRE(code(ErrorKind::locked, RunStanding::none) == 7);
  REQUIRE(code(ErrorKind::engine_unreachable, RunStanding::resumable) == 8);
  REQUIRE(code(ErrorKind::failed, RunStanding::resumable, Moment::going_back) == 9);
  REQUIRE(code(ErrorKind::refused, RunStanding::resumable) == 3);
  REQUIRE(code(ErrorKind::refused, RunStanding::resumable, Moment::midway) == 5);
  REQUIRE(code(ErrorKind::refused, RunStanding::rolled_back, Moment::midway) == 4);
  REQUIRE(code(ErrorKind::interrupted, RunStanding::resumable) == 130);
  REQUIRE(code(ErrorKind::interrupted, RunStanding::none, Moment::outside, 15) == 143);
  REQUIRE(code(ErrorKind::interrupted, RunStanding::none, Moment::outside, 1) == 143);
}

TEST_CASE("what is no error of ours is a defect") {
  const Error error = as_error(static_cast<const std::exception&>(std::runtime_error("broken")));
  REQUIRE(error.kind() == ErrorKind::internal);
  REQUIRE(error.code() == "E-INTERNAL");
  REQUIRE(std::string(error.what()) == "cannot continue: broken");
  const Error own(ErrorKind::locked, "E-LOCKED", "held", "wait");
  REQUIRE(as_error(static_cast<const std::exception&>(own)).code() == "E-LOCKED");
}

TEST_CASE("doctor prints each check with its hint") {
  const std::vector<Check> checks = {{"engine", true, "28.5.2", ""},
                                     {"space", false, "1.0 KiB free", "make room"}};
  REQUIRE(render_checks(checks, {}) == "✔ engine  28.5.2\n✘ space   1.0 KiB free\n          → make room\n");
  REQUIRE(exit_code_of(checks) == 3);
  REQUIRE(exit_code_of({checks[0]}) == 0);
  REQUIRE(exit_code_of({checks[1], {"engine", false, "none", ""}}) == 8);
}

TEST_CASE("doctor goes on without an engine") {
  const pgupgrade::test::TemporaryDirectory directory;
  const Cancellation cancellation;
  const std::function<std::unique_ptr<Connection>()> connect = []() -> std::unique_ptr<Connection> {
    throw Error(ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE", "could not reach the engine",
                "start it");
  };
  const auto checks = examine({.arguments = {},
                               .environment = {},
                               .directory = directory.path(),
                               .cancellation = cancellation,
                               .connect = connect});
  REQUIRE(checks.size() == 4);
  REQUIRE(checks[1].found == "could not reach the engine");
  REQUIRE(checks[1].hint == "start it");
  REQUIRE(checks[3].what == "files");
  REQUIRE_FALSE(checks[3].good);
  REQUIRE(exit_code_of(checks) == 8);
}

TEST_CASE("a diagnostic shows the place in a file below its message") {
  const Diagnostic diagnostic{
      .severity = Severity::error,
      .code = "E-COMPOSE-EDIT",
      .message = "cannot change it: c.yml:4 builds it\n--> c.yml:4:12\n    4 | build: .",
      .hint = "name an image"};
  CHECK(render_diagnostic(diagnostic, {.width = 80, .color = false}) ==
        "  ! cannot change it: c.yml:4 builds it   (E-COMPOSE-EDIT)\n"
        "    --> c.yml:4:12\n"
        "        4 | build: .\n"
        "    → name an image\n");
}
