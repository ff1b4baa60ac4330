// States that people are in when they look for a tool.
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {

TEST_CASE("the image was changed first, and its server does not start on the old data") {
  Project project("bumped");
  const auto write = [&](const std::string& version) {
    project.write("docker-compose.yml",
                  "services:\n  db:\n    image: pgupgrade-fixture/postgres:" + version +
                      "\n    restart: unless-stopped\n    environment:\n      POSTGRES_PASSWORD: e2e-secret\n"
                      "    volumes:\n      - ${PGDATA:-data}:/var/lib/postgresql/data\n"
                      "    healthcheck:\n      test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres]\n"
                      "      interval: 2s\n      retries: 30\nvolumes:\n  data:\n");
  };
  write("15");
  project.up();
  project.sql("db", "postgres", "CREATE TABLE t AS SELECT generate_series(1, 500) AS a");
  const Words to_17 = {"--compose", "docker-compose.yml", "--to", "17"};

  // A variable of the shell that moves the data is named; nothing is made where it leads.
  Words plan = {"plan"};
  plan.insert(plan.end(), to_17.begin(), to_17.end());
  const ProcessResult moved = project.pgupgrade(plan, {{"PGDATA", "/pgupgrade-nowhere"}});
  CHECK(moved.exit_code == 3);
  CHECK_THAT(output_of(moved), ContainsSubstring("variable PGDATA of the shell's environment"));

  write("17");
  project.compose({"up", "-d"});
  const ProcessResult refused = project.pgupgrade(plan);
  INFO(output_of(refused));
  CHECK(refused.exit_code == 3);
  CHECK_THAT(output_of(refused), ContainsSubstring("E-TAG-BUMPED"));
  CHECK_THAT(output_of(refused), ContainsSubstring("--old-image pgupgrade-fixture/postgres:15"));
  const ProcessResult doctor = project.pgupgrade({"doctor", "--compose", "docker-compose.yml"});
  CHECK(doctor.exit_code == 3);
  CHECK_THAT(doctor.standard_output, ContainsSubstring("its data (in the volume"));

  Words upgrade = to_17;
  upgrade.insert(upgrade.end(), {"--yes", "--old-image", "pgupgrade-fixture/postgres:15"});
  const ProcessResult done = project.pgupgrade(upgrade);
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t") == "500");
  const Words made = project.containers();
  project.up();
  CHECK(project.containers() == made);

  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  REQUIRE(back.exit_code == 0);
  CHECK(project.server_version("db") == "15");
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM t") == "500");
  CHECK_THAT(project.read("docker-compose.yml"), ContainsSubstring("postgres:17"));
}

TEST_CASE("an empty new cluster is not taken for the data that lies beside it") {
  Project project("beside");
  const auto write = [&](const std::string& version, const std::string& pgdata) {
    project.write("docker-compose.yml",
                  "services:\n  db:\n    image: pgupgrade-fixture/postgres:" + version +
                      "\n    environment:\n      POSTGRES_PASSWORD: e2e-secret\n      PGDATA: " + pgdata +
                      "\n    volumes:\n      - data:/var/lib/postgresql/data\n"
                      "    healthcheck:\n      test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres]\n"
                      "      interval: 2s\n      retries: 30\nvolumes:\n  data:\n");
  };
  write("17", "/var/lib/postgresql/data");
  project.up();
  project.sql("db", "postgres", "CREATE TABLE t AS SELECT generate_series(1, 500) AS a");
  // In the same volume, where nobody but the new server looks.
  write("18", "/var/lib/postgresql/data/18/docker");
  project.up();
  const ProcessResult plan = project.pgupgrade({"plan", "--compose", "docker-compose.yml", "--to", "18"});
  INFO(output_of(plan));
  CHECK(plan.exit_code == 3);
  CHECK_THAT(output_of(plan), ContainsSubstring("E-DATA-UNUSED"));
  CHECK_THAT(output_of(plan), ContainsSubstring("cluster of PostgreSQL 17"));
  CHECK(project.pgupgrade({"doctor", "--compose", "docker-compose.yml"}).exit_code == 3);
}

}  // namespace pgupgrade::test
