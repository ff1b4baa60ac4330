// A copy of the running server becomes the new cluster. Whatever ends the run midway: resume reaches the new
// version, rollback the old data, which nobody has touched where the rows are compared before its server is
// gone.
#include <signal.h>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kWarm = {"--compose", "docker-compose.yml", "--to", "17",   "--strategy",
                     "warm",      "--verify",           "full", "--yes"};

void require_killed(const Project& project, const std::string& place, const Words& arguments) {
  const ProcessResult result = project.killed_at(place, arguments);
  INFO("to be killed at " << place << ": " << output_of(result));
  REQUIRE(result.signal_number == SIGKILL);
}

void require_exit(const Project& project, const Words& arguments, int exit_code) {
  const ProcessResult result = project.pgupgrade(arguments);
  INFO(join(arguments, " ") << ": " << output_of(result));
  REQUIRE(result.exit_code == exit_code);
}

std::string content(const Project& project) {
  return project.sql("db", "postgres", "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY i)) FROM t");
}

}  // namespace

TEST_CASE(
    "a warm run that is killed at one place after the other succeeds, and its old data comes back "
    "untouched") {
  Project project("warm");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  project.script("db", "postgres",
                 "CREATE TABLE t (i int PRIMARY KEY, text text);"
                 "INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i;"
                 "CREATE INDEX by_text ON t (left(text, 40)); CREATE DATABASE other;");
  const std::string volume = project.name() + "_data";

  require_killed(project, "copy:copied", kWarm);
  require_killed(project, "check-upgrade:cluster-made", {"resume"});
  // What is written while the copy follows must be there afterwards.
  project.script("db", "postgres", "INSERT INTO t SELECT i, 'late' FROM generate_series(2001, 3000) AS i");
  const std::string before = content(project);
  require_killed(project, "stop-old:after-done", {"resume"});
  const std::string stopped = project.listing(volume);
  for (const char* place : {"promote:promoted", "convert:converted", "exchange:exchanged", "start:up"})
    require_killed(project, place, {"resume"});
  require_exit(project, {"resume"}, 0);

  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t WHERE left(text, 40) = 'late'") == "1000");
  const std::string aside = "volume pgupgrade-" + project.runs().at(0) + "-db-aside";
  CHECK(project.engine_leftovers() == Words{aside});

  require_killed(project, "exchange:exchanged-back", {"rollback", "--discard-new-writes"});
  CHECK(project.listing(volume) == stopped);
  require_exit(project, {"rollback"}, 0);
  CHECK(project.read("docker-compose.yml") == small_project(13));
  wait_until("the old server", [&] { return project.server_version("db") == "13"; });
  CHECK(content(project) == before);
  CHECK(project.engine_leftovers().empty());
}

TEST_CASE(
    "a warm run to 18 on a bind mount is prepared, goes on after its server was restarted, and is undone") {
  Project project("prepared");
  const std::string file =
      "services:\n"
      "  store:\n"
      "    image: pgupgrade-fixture/postgres:15\n"
      "    environment: {POSTGRES_PASSWORD: secret, POSTGRES_USER: Chief of stock}\n"
      "    volumes: [\"./the data:/var/lib/postgresql/data\"]\n"
      "    healthcheck: {test: [CMD, pg_isready, -U, Chief of stock], interval: 1s, retries: 60}\n";
  project.write("compose.yaml", file).superuser("Chief of stock");
  project.up();
  project.sql("store", "postgres", "CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) AS i");
  const Words prepare = {"prepare", "--to", "18", "--strategy", "warm", "--yes"};
  const std::string container = project.container("store");

  require_exit(project, prepare, 0);
  CHECK(project.container("store") == container);
  CHECK(project.server_version("store") == "15");
  require_exit(project, {"cancel"}, 0);
  CHECK(project.engine_leftovers().empty());

  require_exit(project, prepare, 0);
  project.compose({"restart", "store"});
  wait_until("the server", [&] { return project.server_version("store") == "15"; });
  project.sql("store", "postgres", "INSERT INTO t VALUES (0)");
  const ProcessResult run = project.pgupgrade({"run"});
  INFO(output_of(run));
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.standard_output, ContainsSubstring("1,001 rows, "));
  CHECK_THAT(run.standard_error, ContainsSubstring("compare-rows: done"));
  CHECK(project.server_version("store") == "18");
  CHECK(project.sql("store", "postgres", "SELECT count(*), sum(i) FROM t") == "1001|500500");
  CHECK_THAT(project.read("compose.yaml"), ContainsSubstring("./the data:/var/lib/postgresql\""));

  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  CHECK(project.read("compose.yaml") == file);
  wait_until("the old server", [&] { return project.server_version("store") == "15"; });
  CHECK(project.sql("store", "postgres", "SELECT count(*), sum(i) FROM t") == "1001|500500");
}

TEST_CASE("rows are compared while the applications write again, as they were before") {
  Project project("deferred");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  project.script(
      "db", "postgres",
      "CREATE TABLE t (i int PRIMARY KEY, text text);"
      "INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 2000) AS i;"
      "CREATE TABLE gone AS SELECT 1 AS i; CREATE TABLE emptied AS SELECT i FROM generate_series(1, 7) i;"
      "CREATE TABLE parts (i int) PARTITION BY HASH (i);"
      "CREATE TABLE part_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
      "CREATE TABLE part_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
      "INSERT INTO parts SELECT generate_series(1, 100); SELECT lo_from_bytea(0, 'kept');");
  project.write(
      "later.sql",
      "DELETE FROM t WHERE i < 1000; UPDATE t SET text = 'written later'; INSERT INTO t VALUES (9999, "
      "'new'); DELETE FROM parts; DROP TABLE gone; TRUNCATE emptied; ALTER TABLE t ADD COLUMN added int; "
      "SELECT lo_unlink(oid) FROM pg_largeobject_metadata;");
  const Words upgrade = {"--compose",
                         "docker-compose.yml",
                         "--to",
                         "17",
                         "--strategy",
                         "warm",
                         "--yes",
                         "--after-thaw",
                         "docker compose exec -T db psql -q -v ON_ERROR_STOP=1 -U postgres <later.sql"};
  const ProcessResult result = project.pgupgrade(upgrade);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  // Lines are folded to the width of the page.
  std::string said;
  for (const std::string& line : split_lines(result.standard_output + result.standard_error))
    said += std::string(trim(line)) + " ";
  CHECK_THAT(said, ContainsSubstring("2 tables of service \"db\" could not be compared") &&
                       ContainsSubstring("public.gone of database") &&
                       ContainsSubstring("public.emptied of database"));
  CHECK(said.find("public.t of database") == std::string::npos);
  CHECK(said.find("public.part") == std::string::npos);
  CHECK_THAT(result.standard_output, ContainsSubstring("2,100 rows, "));
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t WHERE text = 'written later'") == "1001");

  // Once the process is gone that held them, nobody can.
  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  wait_until("the old server", [&] { return project.server_version("db") == "13"; });
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t") == "2000");
  require_exit(project, {"cleanup", "--yes"}, 0);
  require_killed(project, "thaw:after-done", upgrade);
  const ProcessResult resumed = project.pgupgrade({"resume"});
  INFO(output_of(resumed));
  REQUIRE(resumed.exit_code == 0);
  CHECK_THAT(resumed.standard_error + resumed.standard_output,
             ContainsSubstring("were not compared") && ContainsSubstring("rows not compared"));
}

}  // namespace pgupgrade::test
