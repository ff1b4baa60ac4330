// What people do by hand after a guide, as one command on a project of that shape.
#include <filesystem>
#include <map>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {

TEST_CASE("the version comes from a variable that an automation tool sets") {
  Project project("deployed");
  project.superuser("records").copy_fixture("deployed").variable("RECORDS_POSTGRES_VERSION", "13");
  project.up();
  project.script("records", "records",
                 "CREATE TABLE patient (id int PRIMARY KEY, name text);"
                 "INSERT INTO patient SELECT g, md5(g::text) FROM generate_series(1, 500) g;");
  const std::string file = project.read("docker-compose.yml");
  const Words upgrade = {"--compose", "docker-compose.yml", "--to", "17", "--yes", "--no-edit"};

  Words first = upgrade;
  first.insert(first.end(), {"--backup-dir", "postgres_backup"});
  const ProcessResult done = project.pgupgrade(first);
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  CHECK_THAT(done.standard_output,
             ContainsSubstring("the project's files still name pgupgrade-fixture/postgres:13: set "
                               "pgupgrade-fixture/postgres:17 before the next docker compose up"));
  CHECK(project.read("docker-compose.yml") == file);
  CHECK(project.server_version("records") == "17");
  CHECK(project.sql("records", "records", "SELECT count(*) FROM patient") == "500");
  CHECK(std::filesystem::exists(project / "postgres_backup" / ("pgupgrade-" + project.runs().front()) /
                                "records.tar.zst"));

  const auto nothing_to_do = [&] {
    const ProcessResult again = project.pgupgrade(upgrade);
    INFO(output_of(again));
    CHECK(again.exit_code == 0);
    CHECK_THAT(again.standard_output, ContainsSubstring("Nothing to do"));
  };
  nothing_to_do();
  project.variable("RECORDS_POSTGRES_VERSION", "17");
  project.up();
  CHECK(project.sql("records", "records", "SELECT count(*) FROM patient") == "500");
  nothing_to_do();

  // The way back is the deployment's own as well.
  project.variable("RECORDS_POSTGRES_VERSION", "13");
  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  REQUIRE(back.exit_code == 0);
  CHECK(project.server_version("records") == "13");
  CHECK(project.sql("records", "records", "SELECT count(*) FROM patient") == "500");
}

TEST_CASE("a playbook upgrades a deployed project once, and finds nothing to do the second time") {
  const std::string playbook = read_file(source_directory() / "compose-fixtures/deployed/upgrade.yml");
  std::string shown;
  for (const std::string& line : split_lines(playbook)) shown += line.empty() ? "\n" : "    " + line + "\n";
  CHECK_THAT(read_file(source_directory() / "README.md"), ContainsSubstring(shown));

  Project project("playbook");
  project.superuser("records").copy_fixture("deployed").write(".env", "RECORDS_POSTGRES_VERSION=13\n");
  project.up();
  project.sql("records", "records", "CREATE TABLE patient AS SELECT g AS id FROM generate_series(1, 500) g");
  const auto play = [&] {
    return run_process({"ansible-playbook", "--inventory", "localhost,", "--connection", "local",
                        "--extra-vars", "project=" + project.directory().string(), "upgrade.yml"},
                       {.working_directory = project.directory(),
                        .extra_environment = {{"COMPOSE_PROJECT_NAME", project.name()},
                                              {"ANSIBLE_HOME", (project / ".ansible").string()},
                                              {"ANSIBLE_REMOTE_TEMP", (project / ".ansible").string()},
                                              {"ANSIBLE_NOCOLOR", "1"},
                                              {"PATH", program().parent_path().string() + ":" +
                                                           variable(current_environment(), "PATH")}},
                        .timeout = std::chrono::minutes(5)});
  };
  const ProcessResult first = play();
  INFO(output_of(first));
  REQUIRE(first.exit_code == 0);
  CHECK_THAT(first.standard_output, ContainsSubstring("ok=4    changed=1 "));
  CHECK(project.server_version("records") == "17");
  CHECK(project.read(".env") == "RECORDS_POSTGRES_VERSION=17\n");
  CHECK(project.sql("records", "records", "SELECT count(*) FROM patient") == "500");

  const ProcessResult second = play();
  INFO(output_of(second));
  CHECK(second.exit_code == 0);
  CHECK_THAT(second.standard_output, ContainsSubstring("ok=4    changed=0 "));
}

TEST_CASE("PGDATA names the version, and the dumps are kept") {
  Project project("versioned");
  project.copy_fixture("versioned");
  project.up();
  const Words services = {"inventory", "wiki", "photos"};
  for (const std::string& service : services)
    project.script(
        service, "postgres",
        "CREATE TABLE item AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 300) g;");
  const Words files = {"docker-compose.yml", "wiki.env", ".env"};
  std::map<std::string, std::string> before;
  for (const std::string& file : files) before[file] = project.read(file);
  const auto stands = [&](const std::string& version) {
    for (const std::string& service : services) {
      INFO(service);
      CHECK(project.server_version(service) == version);
      CHECK(project.sql(service, "postgres", "SHOW data_directory") == "/data/" + version);
      CHECK(project.sql(service, "postgres", "SELECT count(*) FROM item") == "300");
    }
  };

  const ProcessResult done =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--all", "--yes", "--keep-dumps",
                         "db_dumps", "--before-freeze", "echo moving $PGUPGRADE_SERVICES to $PGUPGRADE_TO",
                         "--after-thaw", "touch served"});
  INFO(output_of(done));
  REQUIRE(done.exit_code == 0);
  CHECK_THAT(done.standard_error, ContainsSubstring("before-freeze: moving "));
  CHECK(std::filesystem::exists(project / "served"));
  stands("17");
  CHECK_THAT(project.read("docker-compose.yml"), ContainsSubstring("PGDATA: /data/17   # with the image"));
  CHECK_THAT(project.read("wiki.env"), ContainsSubstring("PGDATA=/data/17"));
  CHECK(project.read(".env") == "PHOTOS_MAJOR=17\nPHOTOS_PGDATA=/data/17\n");
  const Words made = project.containers();
  project.up();
  CHECK(project.containers() == made);

  const auto kept = project / "db_dumps" / ("pgupgrade-" + project.runs().front() + "-dumps");
  project.compose({"cp", (kept / "wiki" / "postgres.dump").string(), "wiki:/tmp/kept"});
  CHECK_THAT(
      project.compose({"exec", "-T", "wiki", "sh", "-c",
                       "createdb -U postgres again && pg_restore -U postgres -d again /tmp/kept && psql -U "
                       "postgres -d again -XAtc 'SELECT count(*) FROM item' </dev/null"}),
      ContainsSubstring("300"));

  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  REQUIRE(back.exit_code == 0);
  stands("13");
  for (const std::string& file : files) CHECK(project.read(file) == before.at(file));
  CHECK(std::filesystem::exists(kept / "inventory" / "globals.sql"));
}

}  // namespace pgupgrade::test
