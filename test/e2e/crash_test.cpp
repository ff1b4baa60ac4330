// Whatever ends a run midway: resume reaches the new version, rollback the old one, byte for byte.
#include <signal.h>

#include <filesystem>
#include <future>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kUpgrade = {"--compose", "docker-compose.yml", "--to", "17", "--strategy", "dump", "--yes"};

// The data that must survive, whatever happens.
void fill(const Project& project) {
  project.script("db", "postgres",
                 "CREATE TABLE t (i int PRIMARY KEY, text text);"
                 "INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i;"
                 "CREATE DATABASE other;");
}

std::string content(const Project& project) {
  return project.sql("db", "postgres", "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY i)) FROM t");
}

// Containers, whether they run and what becomes of them when they end: all that a rollback has to bring back.
Words standing(const Project& project) {
  Words result;
  for (const std::string& entry : project.containers()) {
    const std::string id = entry.substr(entry.find('=') + 1);
    result.push_back(entry + " " +
                     project.inspect(id, "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"));
  }
  return result;
}

void require_killed(const Project& project, const std::string& place, const Words& arguments) {
  const ProcessResult result = project.killed_at(place, arguments);
  INFO("to be killed at " << place << ": " << output_of(result));
  REQUIRE(result.signal_number == SIGKILL);
}

void require_exit(const Project& project, const Words& arguments, int exit_code) {
  const ProcessResult result = project.pgupgrade(arguments);
  INFO(join(arguments, " ") << ": " << output_of(result));
  REQUIRE(result.signal_number == 0);
  REQUIRE(result.exit_code == exit_code);
}

bool begun(const Project& project, const std::string& step) {
  for (const auto& run : upgrade::find_runs(project / ".pgupgrade"))
    if (run.state)
      for (const auto& record : run.state->steps)
        if (record.step == step) return true;
  return false;
}

// The process that works in the state directory now, as its lock tells.
pid_t working_process(const Project& project) {
  const std::string holder = project.read(".pgupgrade/lock.holder");
  const std::string mark = ", process ";
  return std::stoi(holder.substr(holder.find(mark) + mark.size()));
}

}  // namespace

TEST_CASE("a run that is killed at one place after the other goes on each time and succeeds") {
  Project project("resumed");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);

  require_killed(project, "begin:state-written", kUpgrade);
  for (const char* place : {"freeze:one-stopped", "stop-old:before-signal", "backup:streaming", "dump:dumped",
                            "wipe:after-record", "wipe:emptied", "start-new:directory-prepared",
                            "restore:globals-restored", "configure:files-placed", "scram:one-converted",
                            "edit-compose:after-action", "start:up", "thaw:one-started"}) {
    require_killed(project, place, {"resume"});
  }
  require_exit(project, {"resume"}, 0);

  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
  std::string wanted = small_project(13);
  wanted.replace(wanted.find("postgres:13"), 11, "postgres:17");
  CHECK(project.read("docker-compose.yml") == wanted);
  CHECK(project.engine_leftovers() == Words{"volume pgupgrade-" + project.runs().at(0) + "-db-dump"});
  const Words containers = project.containers();
  project.compose({"up", "--detach"});
  CHECK(project.containers() == containers);
}

TEST_CASE("a run that is killed before the new server starts is undone byte for byte") {
  Project project("undone");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);
  const Words standing_before = standing(project);
  const std::string volume = project.name() + "_data";

  for (const char* place : {"backup:streaming", "dump:dumped", "wipe:emptied", "restore:globals-restored",
                            "edit-compose:after-action"}) {
    INFO("killed at " << place);
    require_killed(project, "stop-old:after-done", kUpgrade);
    const std::string stopped = project.listing(volume);
    require_killed(project, place, {"resume"});
    require_killed(project, "stop-old:undo-before-record", {"rollback"});
    CHECK(project.listing(volume) == stopped);
    // Once begun, the way back is the only one; whichever command is typed.
    require_exit(project, {"rollback"}, 0);

    CHECK(project.read("docker-compose.yml") == small_project(13));
    CHECK(standing(project) == standing_before);
    wait_until("the old server", [&] {
      return project.inspect(project.container("db"), "{{.State.Health.Status}}") == "healthy";
    });
    CHECK(content(project) == before);
    CHECK(project.engine_leftovers().empty());
  }
}

TEST_CASE("a run that is killed after the new server started is undone only when its writes may be lost") {
  Project project("late");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);

  require_killed(project, "thaw:before-done", kUpgrade);
  const Words at_death = standing(project);
  require_exit(project, {"rollback", "--yes"}, 3);
  CHECK(standing(project) == at_death);
  CHECK(project.server_version("db") == "17");
  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  CHECK(project.server_version("db") == "13");
  CHECK(content(project) == before);
  CHECK(project.read("docker-compose.yml") == small_project(13));
  CHECK(project.engine_leftovers().empty());
}

struct Trap {
  std::string sql;
  std::string undo;
  Words told;
};
// A constraint that looks at another table by its bare name: no restore of its rows is possible.
const Trap kBareName = {
    "CREATE TABLE kinds (kind text); INSERT INTO kinds VALUES ('a');"
    "CREATE FUNCTION is_kind(text) RETURNS boolean LANGUAGE sql AS"
    " 'SELECT EXISTS (SELECT FROM kinds WHERE kind = $1)';"
    "CREATE TABLE things (kind text CHECK (is_kind(kind))); INSERT INTO things VALUES ('a');",
    "DROP TABLE things; DROP FUNCTION is_kind; DROP TABLE kinds",
    {"error[E-RESTORE]", "relation \"kinds\" does not exist"}};
// A table that was put into plpgsql, which every cluster has, is in no dump; the comparison finds it.
const Trap kMember = {
    "CREATE TABLE notes (i int); INSERT INTO notes VALUES (1);"
    "ALTER EXTENSION plpgsql ADD TABLE notes",
    "ALTER EXTENSION plpgsql DROP TABLE notes; DROP TABLE notes",
    {"error[E-DIFFERENCE]", "table public.notes", "is missing"}};

TEST_CASE("what the new version refuses is found before anything stops") {
  Project project("rehearsed");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);
  const Words stood = standing(project);
  project.script("db", "other", kBareName.sql);
  for (const Words& words : {kUpgrade, Words{"plan", "--to", "17", "--rehearse"}}) {
    const ProcessResult result = project.pgupgrade(words);
    INFO(output_of(result));
    CHECK(result.exit_code == 3);
    for (const std::string& part : {"error[E-REHEARSAL]", "relation \"kinds\" does not exist"})
      CHECK_THAT(result.standard_error, ContainsSubstring(part));
    CHECK(standing(project) == stood);
    CHECK(project.runs().empty());
  }
  project.script("db", "other", kBareName.undo);
  CHECK(content(project) == before);
  const ProcessResult sound = project.pgupgrade({"plan", "--to", "17", "--rehearse"});
  INFO(output_of(sound));
  CHECK(sound.exit_code == 0);
}

TEST_CASE("a run that fails at what cannot be carried over is undone at once when that was asked for") {
  Project project("failing");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);
  const Words stood = standing(project);
  Words words = kUpgrade;
  words.insert(words.end(), {"--rollback-on-failure", "--accept", "E-REHEARSAL"});
  for (const Trap& trap : {kBareName, kMember}) {
    project.script("db", "other", trap.sql);
    const ProcessResult result = project.pgupgrade(words);
    INFO(output_of(result));
    REQUIRE(result.exit_code == 4);
    for (const std::string& part : trap.told) CHECK_THAT(result.standard_error, ContainsSubstring(part));
    CHECK(standing(project) == stood);
    CHECK(project.server_version("db") == "13");
    CHECK(content(project) == before);
    CHECK(project.read("docker-compose.yml") == small_project(13));
    CHECK(project.engine_leftovers().empty());
    project.script("db", "other", trap.undo);
  }
}

TEST_CASE("an interrupted run says so and can be resumed") {
  Project project("interrupted");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);

  auto run = std::async(std::launch::async, [&] { return project.pgupgrade(kUpgrade); });
  wait_until("the backup", [&] { return begun(project, "backup"); });
  REQUIRE(::kill(working_process(project), SIGINT) == 0);
  const ProcessResult result = run.get();
  INFO(output_of(result));
  CHECK(result.exit_code == 130);
  CHECK_THAT(result.standard_error, ContainsSubstring("pgupgrade resume"));
  CHECK_FALSE(begun(project, "restore"));

  require_exit(project, {"resume"}, 0);
  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
}

TEST_CASE("of two runs on one volume exactly one goes on") {
  Project project("twice");
  project.write("docker-compose.yml", small_project(13)).write("other/docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const std::string before = content(project);
  const Words other = {"--compose", "other/docker-compose.yml", "--to", "17", "--yes"};

  // A dead run holds its lock as a living one does, also where its service stands still and looks merely
  // down.
  require_killed(project, "stop-old:after-done", kUpgrade);
  const ProcessResult refused = project.pgupgrade(other);
  INFO(output_of(refused));
  CHECK(refused.exit_code == 7);
  CHECK_THAT(refused.standard_error,
             ContainsSubstring("volume " + project.name() + "_data is locked by run ") &&
                 ContainsSubstring((project / "docker-compose.yml").native()));
  require_exit(project, {"rollback"}, 0);

  auto first = std::async(std::launch::async, [&] { return project.pgupgrade(kUpgrade); });
  const ProcessResult second = project.pgupgrade(other);
  const ProcessResult result = first.get();
  INFO(output_of(result) << output_of(second));
  CHECK(std::min(result.exit_code, second.exit_code) == 0);
  CHECK(std::max(result.exit_code, second.exit_code) == 7);
  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
}

}  // namespace pgupgrade::test
