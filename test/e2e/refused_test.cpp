// States of a server that are told before anything stops.
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// Lines are folded to the width of the page.
std::string said(const ProcessResult& result) {
  std::string text;
  for (const std::string& line : split_lines(result.standard_output + result.standard_error))
    text += std::string(trim(line)) + " ";
  return text;
}

std::string with_logical_wal(std::string compose) {
  const std::string image = "    image: pgupgrade-fixture/postgres:15\n";
  return compose.replace(compose.find(image), image.size(),
                         image + "    command: [postgres, -c, wal_level=logical]\n");
}

}  // namespace

TEST_CASE("replication slots and origins are refused by name, and left out once that is accepted") {
  Project project("slots");
  project.write("docker-compose.yml", with_logical_wal(small_project(15)));
  project.up();
  project.sql("db", "postgres", "SELECT pg_create_logical_replication_slot('sentry', 'pgoutput')");
  project.sql("db", "postgres", "SELECT pg_replication_origin_create('elsewhere')");
  project.sql("db", "postgres", "CREATE TABLE t AS SELECT generate_series(1, 10) i");
  const Words upgrade = {"--compose", "docker-compose.yml", "--to", "17", "--yes"};
  const std::string started = project.inspect(project.container("db"), "{{.Id}} {{.State.StartedAt}}");

  const ProcessResult refused = project.pgupgrade(upgrade);
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK_THAT(said(refused),
             ContainsSubstring("error[E-REPLICATION]") &&
                 ContainsSubstring("has replication slots \"sentry\"") &&
                 ContainsSubstring("has replication origins, which the new cluster will not have: "
                                   "\"elsewhere\"") &&
                 ContainsSubstring("SELECT pg_replication_origin_drop('elsewhere')"));
  CHECK(project.inspect(project.container("db"), "{{.Id}} {{.State.StartedAt}}") == started);

  Words accepted = upgrade;
  accepted.insert(accepted.end(), {"--accept", "E-REPLICATION"});
  const ProcessResult upgraded = project.pgupgrade(accepted);
  INFO(output_of(upgraded));
  REQUIRE(upgraded.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t") == "10");
}

TEST_CASE("a superuser that cannot log in is told with the statement that lets it") {
  Project project("no-login");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.sql("db", "postgres", "CREATE ROLE dba LOGIN SUPERUSER PASSWORD 'dba'");
  project.sql("db", "postgres", "ALTER ROLE postgres NOLOGIN");
  const std::string started = project.inspect(project.container("db"), "{{.Id}} {{.State.StartedAt}}");
  const ProcessResult refused = project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--yes"});
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK_THAT(said(refused), ContainsSubstring("error[E-NO-SERVER]") &&
                                ContainsSubstring("role \"postgres\" is not permitted to log in") &&
                                ContainsSubstring("as another superuser: ALTER ROLE postgres LOGIN"));
  CHECK(project.inspect(project.container("db"), "{{.Id}} {{.State.StartedAt}}") == started);
}

}  // namespace pgupgrade::test
