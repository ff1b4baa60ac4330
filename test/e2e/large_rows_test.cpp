// A row whose text is over 1 GB, which a server can store and dump, but not print as one value.
#include <sys/stat.h>

#include <map>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {

TEST_CASE("a row whose text is over 1 GB has a hash, the same on each version, that sees its last letter",
          "[.large]") {
  Project project("large-rows");
  std::string compose = "services:\n";
  for (const char* major : {"13", "17"}) {
    const std::string name = std::string("v") + major;
    REQUIRE(::mkdir((project / name).c_str(), 0777) == 0);
    REQUIRE(::chmod((project / name).c_str(), 0777) == 0);
    compose += "  " + name + ":\n    image: pgupgrade-fixture/postgres:" + major +
               "\n    environment: { POSTGRES_HOST_AUTH_METHOD: trust }\n    network_mode: none\n    "
               "volumes: [\"./" +
               name + ":/run/postgresql\"]\n    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, " +
               "postgres], interval: 1s, retries: 60 }\n";
  }
  project.write("docker-compose.yml", compose);
  project.up();
  Cancellation cancellation;
  const auto connector = postgres::make_connector(cancellation);
  const std::string row_hash = postgres::best_row_hash(130000);
  std::map<std::string, std::map<std::string, TablePrint>> tables;
  for (const std::string name : {"v13", "v17"}) {
    // As the text of a row each of the quotes is doubled.
    project.script(name, "postgres",
                   "CREATE TABLE one (id int PRIMARY KEY, note text);\nCREATE TABLE other (id int PRIMARY "
                   "KEY, note text);\n"
                   "INSERT INTO one VALUES (1, repeat('\"', 600 * 1024 * 1024) || 'x');\n"
                   "INSERT INTO other VALUES (1, repeat('\"', 600 * 1024 * 1024) || 'y');\n");
    const auto server = connector->connect({.directory = (project / name).native(), .superuser = "postgres"},
                                           std::chrono::seconds(60), {});
    tables[name] = server->fingerprint(row_hash, 1, {}).databases.at("postgres").tables;
  }
  CHECK(tables["v13"].at("public.one").rows == 1);
  CHECK(tables["v13"].at("public.one").digest == tables["v17"].at("public.one").digest);
  CHECK(tables["v13"].at("public.other").digest == tables["v17"].at("public.other").digest);
  CHECK(tables["v13"].at("public.one").digest != tables["v13"].at("public.other").digest);
}

}  // namespace pgupgrade::test
