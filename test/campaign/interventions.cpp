// Somebody else's hands on volume, server and clients while a run stands still: the last cases of `races`.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "campaign/campaign.hpp"
#include "campaign/child.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test::campaign {

namespace {

ChildOptions paused(const Words& arguments, const std::string& place) {
  return {.arguments = arguments, .variables = {{"PGUPGRADE_PAUSE_AT", place}}};
}

// A run that is held up at each place by a container on its volume, and goes on once that is gone. What the
// container is noticed by comes after its place; the next place of the list is to come after that.
void strangers(Cases& cases, Subject& subject, const std::string& mode) {
  const std::string stranger = subject.project().name() + "-other";
  bool begun = false;
  for (const char* place : {"backup:before-record", "dump:before-record", "wipe:before-record",
                            "wipe:copies-proven", "edit-compose:before-record", "start:before-record"})
    cases.run(fmt::format("{}, a container on the volume ({})", place, mode), [&] {
      Child run(subject.project(), paused(begun ? Words{"resume"} : Subject::upgrade_words(), place));
      run.wait_for_stop();
      begun = true;
      subject.project().create_other({"--volume", subject.data_volume() + ":/x:" + mode,
                                      "pgupgrade-fixture/app:1", "sleep", "infinity"});
      must_run({"docker", "start", stranger});
      run.go_on();
      const ProcessResult result = run.wait();
      must_run({"docker", "rm", "--force", stranger});
      require(result.exit_code == 5 && result.standard_error.find("E-VOLUME-IN-USE") != std::string::npos &&
                  result.standard_error.find(stranger) != std::string::npos,
              "it is noticed: " + output_of(result));
    });
  if (!begun) return;
  cases.run(fmt::format("containers on the volume everywhere ({}), then to the end", mode), [&] {
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
    subject.begin_anew();
  });
}

enum class Then { runs, stopped };

void write_on_old_server(const Subject& subject, Then then) {
  const Project& project = subject.project();
  const std::string server = project.container("db");
  must_run({"docker", "start", server});
  wait_until("the old server",
             [&] { return project.inspect(server, "{{.State.Health.Status}}") == "healthy"; });
  project.sql("db", "other", "CREATE TABLE IF NOT EXISTS meanwhile (i int)");
  project.sql("db", "other", "INSERT INTO meanwhile VALUES (1)");
  if (then == Then::stopped) must_run({"docker", "stop", server});
}

// What the old server takes after it had been stopped is not lost: the run does not go on over it, and the
// way back leaves it.
void old_server(Cases& cases, const Subject& subject) {
  for (const Then then : {Then::runs, Then::stopped})
    for (const char* place : {"backup:before-record", "verify-backup:before-record", "dump:before-record",
                              "wipe:before-record", "wipe:copies-proven"})
      cases.run(fmt::format("{}, the old server takes a row and {}", place,
                            then == Then::runs ? "runs" : "is stopped"),
                [&] {
                  {
                    Child run(subject.project(), paused(Subject::upgrade_words(), place));
                    run.wait_for_stop();
                    write_on_old_server(subject, then);
                    run.go_on();
                    const ProcessResult result = run.wait();
                    require(result.exit_code == 5, "the run does not go on: " + output_of(result));
                  }
                  subject.expect_exit(0, {"rollback"});
                  subject.expect_untouched();
                  require(subject.project().sql("db", "other", "SELECT count(*) FROM meanwhile") == "1",
                          "the row is there");
                  subject.project().sql("db", "other", "DROP TABLE meanwhile");
                  subject.begin_anew();
                });
}

// Started on the emptied volume, or on the new cluster, the old server can do no more than stop the run.
void old_server_late(Cases& cases, const Subject& subject) {
  for (const char* place : {"wipe:emptied", "restore:server-started", "start:before-record"})
    cases.run(fmt::format("{}, the old server is started", place), [&] {
      {
        Child run(subject.project(), paused(Subject::upgrade_words(), place));
        run.wait_for_stop();
        must_run({"docker", "start", subject.project().container("db")});
        run.go_on();
        const ProcessResult result = run.wait();
        if (result.succeeded())
          subject.expect_upgraded();
        else
          require(result.exit_code == 5, "it stops midway or succeeds: " + output_of(result));
      }
      subject.begin_anew();
    });
}

// docker compose down -v: from the first backup on the data comes back, on the volume that Compose declares.
void removed(Cases& cases) {
  for (const char* place : {"dump:before-record", "wipe:before-record", "wipe:emptied"})
    cases.run(fmt::format("{}, docker compose down --volumes, rollback", place), [&] {
      Subject subject("removed");
      subject.expect_killed(place, Subject::upgrade_words());
      subject.project().compose({"down", "--volumes"});
      subject.expect_exit(0, {"rollback"});
      subject.project().compose({"up", "--detach", "--wait"});
      subject.expect_as_before();
    });
}

// small_project with an application that writes all the time and logs each row that was committed.
std::string writing_project() {
  std::string text = small_project(13);
  const auto replace = [&](const std::string& before, const std::string& after) {
    text.replace(text.find(before), before.size(), after);
  };
  replace("image: pgupgrade-fixture/app:1", "image: pgupgrade-fixture/postgres:15\n    entrypoint: []");
  replace("[sleep, infinity]",
          "[bash, -c, 'while sleep 0.2; do echo try >>/log/tries; psql -X -q -At $$DATABASE_URL"
          " -c \"INSERT INTO w DEFAULT VALUES RETURNING i\" >>/log/acknowledged; done']\n"
          "    volumes: [./log:/log]");
  return text;
}

std::size_t lines_in(const Project& project, const std::string& file) {
  return std::filesystem::exists(project / file) ? split_lines(project.read(file)).size() : 0;
}

void start_client(const Project& project) {
  const std::size_t tries = lines_in(project, "log/tries");
  must_run({"docker", "start", project.container("app")});
  // The second begins when the first has come to its end.
  wait_until("the client to have tried", [&] { return lines_in(project, "log/tries") >= tries + 2; });
}

void require_acknowledged(const Project& project) {
  const Words rows = split_lines(project.sql("db", "postgres", "SELECT i FROM w"));
  for (const std::string& line : split_lines(project.read("log/acknowledged")))
    require(std::find(rows.begin(), rows.end(), line) != rows.end(),
            "row " + line + ", which was acknowledged, is there");
}

// A client that is started by hand reaches no server until the new one is started, and none of its rows is
// lost.
void clients(Cases& cases) {
  Subject subject("client", writing_project());
  Words upgrade = Subject::upgrade_words();
  upgrade.insert(upgrade.end(), {"--service", "db"});  // the client has an image of PostgreSQL, too
  const Project& project = subject.project();
  project.sql("db", "postgres", "CREATE TABLE w (i serial)");
  cases.run("a client is started at place after place, and reaches no server", [&] {
    std::size_t acknowledged = 0;
    bool begun = false;
    for (const char* place : {"backup:before-record", "dump:server-started", "wipe:emptied",
                              "restore:server-started", "verify:before-record", "start:before-record"}) {
      Child run(project, paused(begun ? Words{"resume"} : upgrade, place));
      run.wait_for_stop();
      if (!begun) acknowledged = lines_in(project, "log/acknowledged");
      begun = true;
      start_client(project);
      require(lines_in(project, "log/acknowledged") == acknowledged,
              std::string("no client reaches a server at ") + place);
      run.kill();
      run.wait();
    }
    subject.expect_exit(0, {"resume"});
    subject.expect_upgraded();
    require_acknowledged(project);
    subject.begin_anew();
  });
  for (const char* place : {"freeze:after-done", "backup:before-record", "restore:server-started"})
    cases.run(fmt::format("{}, a client is started and the run goes on", place), [&] {
      Child run(project, paused(upgrade, place));
      run.wait_for_stop();
      start_client(project);
      run.go_on();
      const ProcessResult result = run.wait();
      require(result.succeeded(), "the run succeeds: " + output_of(result));
      subject.expect_upgraded();
      require_acknowledged(project);
      subject.begin_anew();
    });
}

}  // namespace

void interventions(Cases& cases) {
  {
    Subject subject("hands");
    strangers(cases, subject, "rw");
    strangers(cases, subject, "ro");
    old_server(cases, subject);
    old_server_late(cases, subject);
  }
  removed(cases);
  clients(cases);
}

}  // namespace pgupgrade::test::campaign
