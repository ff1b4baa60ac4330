// --backup aside: the new cluster is made and proven beside the old one, then they change places.
#include <signal.h>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kAside = {"--compose", "docker-compose.yml", "--to", "17", "--backup", "aside", "--yes"};

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
    "an upgrade with the old data aside is killed at one place after the other, undone, and made again") {
  Project project("aside");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.script("db", "postgres",
                 "CREATE TABLE t (i int PRIMARY KEY, text text);"
                 "INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 2000) AS i;"
                 "CREATE DATABASE other;");
  const std::string before = content(project);

  Words arguments = kAside;
  for (const char* place :
       {"make-aside:after-action", "dump:dumped", "start-new:initialised", "restore:globals-restored",
        "exchange:before-exchange", "exchange:exchanged", "start:up"}) {
    const ProcessResult killed = project.killed_at(place, arguments);
    INFO("to be killed at " << place << ": " << output_of(killed));
    REQUIRE(killed.signal_number == SIGKILL);
    arguments = {"resume"};
  }
  require_exit(project, {"resume"}, 0);
  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
  const auto place = [&](std::size_t run) {
    return Words{"volume pgupgrade-" + project.runs().at(run) + "-db-aside",
                 "volume pgupgrade-" + project.runs().at(run) + "-db-dump"};
  };
  CHECK(project.engine_leftovers() == place(0));

  project.sql("db", "postgres", "INSERT INTO t VALUES (0, 'later')");
  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  CHECK(project.read("docker-compose.yml") == small_project(15));
  wait_until("the old server", [&] { return project.server_version("db") == "15"; });
  CHECK(content(project) == before);
  CHECK(project.engine_leftovers().empty());

  require_exit(project, {"cleanup", "--yes"}, 0);
  require_exit(project, kAside, 0);
  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
  CHECK(project.engine_leftovers().size() == 2);
  require_exit(project, {"cleanup", "--yes"}, 0);
  CHECK(project.engine_leftovers().empty());
  CHECK(content(project) == before);
}

TEST_CASE("of unlogged tables a copy is dumped, and the old data comes back with their rows") {
  Project project("aside-unlogged");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.script("db", "postgres",
                 "CREATE UNLOGGED TABLE t AS SELECT i, i::text AS text FROM generate_series(1, 9) AS i");
  const std::string before = content(project);
  const ProcessResult killed = project.killed_at("dump:dumped", kAside);
  REQUIRE(killed.signal_number == SIGKILL);
  require_exit(project, {"resume"}, 0);
  CHECK(project.server_version("db") == "17");
  CHECK(content(project) == before);
  require_exit(project, {"rollback", "--discard-new-writes"}, 0);
  wait_until("the old server", [&] { return project.server_version("db") == "15"; });
  CHECK(content(project) == before);
  CHECK(project.engine_leftovers().empty());
}

}  // namespace pgupgrade::test
