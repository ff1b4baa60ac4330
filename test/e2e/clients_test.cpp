// Who else uses the server: a job on its image, clients that end sooner or later, and who looks at its files.
#include <fmt/format.h>

#include <filesystem>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// One line names the image of the server and of a backup job; the volume is a directory of the host.
std::string project_with_job(const std::string& data_directory) {
  return fmt::format(R"(x-postgres-image: &postgres-image pgupgrade-fixture/postgres:15

services:
  db:
    image: *postgres-image
    environment:
      POSTGRES_PASSWORD: e2e-secret
    volumes:
      - data:/var/lib/postgresql/data
    healthcheck:
      test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres]
      interval: 5s
      start_period: 60s
      start_interval: 500ms

  backup:
    image: *postgres-image
    depends_on: [db]
    environment:
      PGHOST: db
      PGUSER: postgres
      PGPASSWORD: e2e-secret
    entrypoint: [sh, -c, "trap 'exit 0' TERM; sleep infinity & wait"]
    stop_grace_period: 60s

  slow:
    image: pgupgrade-fixture/app:1
    depends_on: [db]
    command: [sh, -c, "trap '' TERM; while :; do sleep 1; done"]
    stop_grace_period: 3s

volumes:
  data:
    driver: local
    driver_opts:
      type: none
      o: bind
      device: {}
)",
                     data_directory);
}

}  // namespace

TEST_CASE("a job on the server's image is a client that moves along, and clients stop side by side") {
  Project project("clients");
  std::filesystem::create_directory(project / "pgdata");
  const std::string text = project_with_job((project / "pgdata").string());
  project.write("docker-compose.yml", text);
  project.up();
  project.sql("db", "postgres", "CREATE TABLE t AS SELECT 1 AS a");

  // The same files by the path of the directory above them.
  const Words upgrade = {"--compose", "docker-compose.yml", "--to", "17", "--yes"};
  const std::string other = project.name() + "-other";
  project.create_other(
      {"--volume", project.directory().string() + ":/files:ro", "pgupgrade-fixture/app:1", "true"});
  const ProcessResult shared = project.pgupgrade(upgrade);
  INFO(output_of(shared));
  CHECK(shared.exit_code == 3);
  CHECK_THAT(shared.standard_error, ContainsSubstring("E-VOLUME-SHARED") && ContainsSubstring(other));
  must_run({"docker", "rm", other});

  const ProcessResult run = project.pgupgrade(upgrade);
  INFO(output_of(run));
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.standard_output,
             ContainsSubstring("service \"backup\" has no cluster and shares the image of "
                               "service db"));
  CHECK_THAT(run.standard_output, ContainsSubstring("W-MOVED-ALONG"));
  CHECK(project.server_version("db") == "17");
  CHECK(project.read("docker-compose.yml")
            .starts_with("x-postgres-image: &postgres-image "
                         "pgupgrade-fixture/postgres:17\n"));
  CHECK(project.inspect(project.container("backup"), "{{.State.Running}}") == "true");

  // The slow one, which is told first, listens to nothing and is killed; the other has ended meanwhile.
  const auto ended = [&](const std::string& service) {
    return project.inspect(project.container(service), "{{.State.FinishedAt}}");
  };
  CHECK(ended("backup") < ended("slow"));

  const ProcessResult back = project.pgupgrade({"rollback", "--discard-new-writes", "--yes"});
  INFO(output_of(back));
  CHECK(back.exit_code == 0);
  CHECK(project.read("docker-compose.yml") == text);
  CHECK(project.server_version("db") == "15");
  CHECK(project.sql("db", "postgres", "SELECT a FROM t") == "1");
}

TEST_CASE(
    "a backup container that reads the data is stopped for the time of the run, and finds the new data") {
  Project project("reader");
  std::string text = small_project(15);
  text.insert(
      text.find("  app:\n"),
      "  backup:\n    image: pgupgrade-fixture/app:1\n    init: true\n    restart: always\n    command: "
      "[sleep, infinity]\n    volumes: [\"data:/backup/postgres:ro\"]\n\n");
  project.write("docker-compose.yml", text);
  project.up();
  const std::string backup = project.container("backup");
  const auto version = [&] {
    return std::string(trim(must_run({"docker", "exec", backup, "cat", "/backup/postgres/PG_VERSION"})));
  };
  REQUIRE(version() == "15");
  const Words upgrade = {"--compose", "docker-compose.yml", "--to", "17", "--yes", "--strategy"};
  for (const char* strategy : {"dump", "warm"}) {
    Words words = upgrade;
    words.emplace_back(strategy);
    const ProcessResult run = project.pgupgrade(words);
    INFO(output_of(run));
    REQUIRE(run.exit_code == 0);
    CHECK(project.container("backup") == backup);
    CHECK(version() == "17");
    const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
    INFO(output_of(back));
    CHECK(back.exit_code == 0);
    CHECK(version() == "15");
    CHECK(project.pgupgrade({"cleanup", "--yes"}).exit_code == 0);
  }
}

}  // namespace pgupgrade::test
