// The whole upgrade on a copy, beside a project that goes on taking writes.
#include <signal.h>

#include <boost/json.hpp>

#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

const Words kRehearse = {"rehearse", "--compose", "docker-compose.yml", "--to", "17"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void fill(const Project& project) {
  project.script("db", "postgres", "CREATE DATABASE shop;");
  project.script("db", "shop",
                 "CREATE TABLE item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);"
                 "INSERT INTO item (name) SELECT md5(g::text) FROM generate_series(1, 2000) g;"
                 "CREATE ROLE app LOGIN PASSWORD 'app-secret'; GRANT SELECT ON item TO app;");
}

boost::json::object summary_of(const ProcessResult& result) {
  return json::as_object(json::parse(split_lines(result.standard_output).back(), "the summary"), "summary");
}

}  // namespace

TEST_CASE(
    "a rehearsal passes beside a project that goes on taking writes, also after some that were killed") {
  Project project("rehearsed");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  fill(project);
  const Words containers = project.containers();
  const std::string started = project.inspect(project.container("db"), "{{.State.StartedAt}}");
  // Somebody who writes as long as the rehearsal goes.
  project.script("db", "shop", "CREATE TABLE tick (at timestamptz)");
  project.compose({"exec", "-d", "db", "sh", "-c",
                   "while sleep 0.1; do psql -qU postgres -d shop -c 'INSERT INTO tick SELECT now()'; done"});

  for (const char* place : {"copy-live:cut-loose", "restore:globals-restored", "keep:port-open"}) {
    const ProcessResult killed = project.killed_at(place, with(kRehearse, {"--keep"}));
    INFO(place << ": " << output_of(killed));
    CHECK(killed.signal_number == SIGKILL);
    CHECK_FALSE(project.engine_leftovers().empty());
    CHECK(project.runs().size() == 1);  // what the one before has left is removed
  }
  project.write("migrate.sql", "ALTER TABLE item ADD COLUMN price int;\nUPDATE item SET price = id;\n");
  project.write("index.sql", "-- pgupgrade: no transaction\nCREATE INDEX CONCURRENTLY ON item (price);\n");
  const std::string before = project.sql("db", "shop", "SELECT count(*) FROM tick");
  const ProcessResult done =
      project.pgupgrade(with(kRehearse, {"--run", "migrate.sql", "index.sql", "--output", "json"}));
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  const auto summary = summary_of(done);
  const auto& rehearsal = summary.at("rehearsal").as_object();
  CHECK(rehearsal.at("parts").as_array().size() == 9);
  CHECK(rehearsal.at("measured_ms").as_int64() > 1'000);
  CHECK(project.sql("db", "shop", "SELECT count(*) > " + before + " FROM tick") == "t");
  CHECK(project.engine_leftovers().empty());
  CHECK(project.containers() == containers);
  CHECK(project.inspect(project.container("db"), "{{.State.StartedAt}}") == started);
  CHECK(project.read("docker-compose.yml") == small_project(15));
  CHECK(project.sql("db", "shop", "SELECT count(*), count(DISTINCT name) FROM item") == "2000|2000");
}

TEST_CASE("a script that fails on the new cluster is told with its place, and nothing stays") {
  Project project("script");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  fill(project);
  project.write("good.sql", "ALTER TABLE item ADD COLUMN price int;\n");
  project.write("bad.sql", "SELECT 1;\nALTER TABLE item ALTER COLUMN name TYPE int USING name::int;\n");
  const ProcessResult failed = project.pgupgrade(with(kRehearse, {"--run", "good.sql", "bad.sql"}));
  INFO(output_of(failed));
  CHECK(failed.exit_code == 3);
  CHECK_THAT(failed.standard_error, ContainsSubstring("error[E-SCRIPT]"));
  CHECK_THAT(failed.standard_error, ContainsSubstring("bad.sql"));
  CHECK_THAT(failed.standard_error, ContainsSubstring("invalid input syntax for type integer"));
  CHECK(project.engine_leftovers().empty());
  CHECK(project.runs().empty());
  CHECK(project.sql("db", "shop", "SELECT count(*) FROM item") == "2000");

  const ProcessResult missing = project.pgupgrade(with(kRehearse, {"--run", "nowhere.sql"}));
  CHECK(missing.exit_code == 2);
  CHECK_THAT(missing.standard_error, ContainsSubstring("nowhere.sql"));
}

TEST_CASE("a kept server answers on a port of this machine with the rows, and is removed by cleanup") {
  Project project("kept");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  fill(project);
  const ProcessResult done = project.pgupgrade(with(kRehearse, {"--keep", "--keep-md5", "--output", "json"}));
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  const auto summary = summary_of(done);
  const auto& kept = summary.at("rehearsal").at("kept").as_array().at(0).as_object();
  const std::string port = std::to_string(kept.at("port").as_int64());
  CHECK(std::string(kept.at("connection").as_string()) ==
        "postgresql://postgres@127.0.0.1:" + port + "/shop");
  const auto ask = [&](const std::string& role, const std::string& password, const std::string& sql) {
    // From the host: a client of libpq that this program has.
    return run_process({"docker", "run", "--rm", "--network", "host", "-e", "PGPASSWORD=" + password,
                        "pgupgrade-fixture/postgres:17", "psql", "-h", "127.0.0.1", "-p", port, "-U", role,
                        "-d", "shop", "-XAtc", sql},
                       {});
  };
  const ProcessResult rows =
      ask("postgres", "e2e-secret", "SELECT count(*), version() LIKE '% 17%' FROM item");
  INFO(output_of(rows));
  CHECK(trim(rows.standard_output) == "2000|t");
  CHECK(trim(ask("app", "app-secret", "SELECT count(*) FROM item").standard_output) == "2000");
  CHECK_FALSE(ask("app", "wrong", "SELECT 1").succeeded());
  const std::string server(kept.at("container").as_string());
  CHECK(project.inspect(server, "{{.HostConfig.NetworkMode}}") == "none");
  CHECK(project.server_version("db") == "13");

  const ProcessResult cleaned = project.pgupgrade({"cleanup", "--yes"});
  INFO(output_of(cleaned));
  CHECK(cleaned.exit_code == 0);
  CHECK(project.engine_leftovers().empty());
  CHECK(project.sql("db", "shop", "SELECT count(*) FROM item") == "2000");
}

}  // namespace pgupgrade::test
