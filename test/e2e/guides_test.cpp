// What people do by hand after a guide, as one command on a project of that shape.
#include <filesystem>

#include "support/catch.hpp"
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

}  // namespace pgupgrade::test
