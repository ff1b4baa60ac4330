// Of several services one cannot be upgraded: it goes back alone, also after a death on its way.
#include <map>

#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

std::string two_services() {
  std::string compose = "services:\n";
  for (const char* service : {"auth", "wiki"})
    compose +=
        std::string("  ") + service +
        ":\n    image: pgupgrade-fixture/postgres:13\n    environment: { POSTGRES_PASSWORD: e2e-secret }\n"
        "    volumes: [\"./" +
        service +
        "-data:/var/lib/postgresql/data\"]\n    healthcheck: { test: [CMD, pg_isready, -h, "
        "127.0.0.1, -U, postgres], interval: 1s, retries: 60 }\n";
  return compose;
}

// What a restore cannot compute, with its empty search_path.
constexpr const char* kTrap =
    "CREATE FUNCTION short_id(raw bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT\n"
    "AS $$ SELECT left(encode(raw, 'hex'), 8) $$;\n"
    "CREATE FUNCTION short_id(u uuid) RETURNS text LANGUAGE sql IMMUTABLE STRICT\n"
    "AS $$ SELECT short_id(decode(replace(u::text, '-', ''), 'hex')) $$;\n"
    "CREATE TABLE pages (id uuid PRIMARY KEY, short text GENERATED ALWAYS AS (short_id(id)) STORED);\n"
    "INSERT INTO pages (id) SELECT md5(i::text)::uuid FROM generate_series(1, 100) i;\n";

const Words kUpgrade = {"--compose", "docker-compose.yml", "--to",     "17",         "--all",
                        "--yes",     "--keep-going",       "--accept", "E-REHEARSAL"};

void check_one_upgraded(const Project& project) {
  CHECK(project.server_version("auth") == "17");
  CHECK(project.sql("auth", "postgres", "SELECT count(*) FROM logins") == "300");
  CHECK(project.server_version("wiki") == "13");
  CHECK(project.sql("wiki", "postgres", "SELECT count(short) FROM pages") == "100");
  const std::string compose = project.read("docker-compose.yml");
  CHECK(compose.find("postgres:17") < compose.find("wiki:"));
  CHECK(compose.find("postgres:13") > compose.find("wiki:"));
  CHECK(project.inspect(project.container("wiki"), "{{.State.Health.Status}}") != "unhealthy");
}

}  // namespace

TEST_CASE("a service that cannot be upgraded goes back alone, and a death on its way changes nothing") {
  Project project("keepgoing");
  project.write("docker-compose.yml", two_services());
  project.up();
  project.sql("auth", "postgres", "CREATE TABLE logins AS SELECT g AS id FROM generate_series(1, 300) g");
  project.script("wiki", "postgres", kTrap);

  const ProcessResult died = project.killed_at("wipe:one-taken-back", kUpgrade);
  INFO(output_of(died));
  CHECK(project.pgupgrade({"status"}).standard_output.find("service wiki is going back") !=
        std::string::npos);
  const ProcessResult result = project.pgupgrade({"resume", "--yes"});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 11);
  CHECK_THAT(result.standard_output, ContainsSubstring("1 of 2 services"));
  CHECK_THAT(result.standard_output, ContainsSubstring("Service wiki is PostgreSQL 13"));
  CHECK_THAT(result.standard_output,
             ContainsSubstring("Failed: E-RESTORE: could not restore table public.pages"));
  check_one_upgraded(project);

  // Mended, it is upgraded by itself.
  project.sql("wiki", "postgres", "ALTER FUNCTION short_id(uuid) SET search_path = public, pg_temp");
  const ProcessResult other =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--service", "wiki", "--yes"});
  INFO(output_of(other));
  REQUIRE(other.exit_code == 0);
  CHECK(project.server_version("wiki") == "17");
  CHECK(project.sql("wiki", "postgres", "SELECT count(short) FROM pages") == "100");
}

TEST_CASE("what was upgraded beside a service that went back is rolled back without it") {
  Project project("keepgoing-back");
  project.write("docker-compose.yml", two_services());
  project.up();
  project.sql("auth", "postgres", "CREATE TABLE logins AS SELECT g AS id FROM generate_series(1, 300) g");
  project.script("wiki", "postgres", kTrap);
  const ProcessResult result = project.pgupgrade(kUpgrade);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 11);
  check_one_upgraded(project);
  project.sql("wiki", "postgres", "CREATE TABLE written_since AS SELECT 1");
  const ProcessResult back = project.pgupgrade({"rollback", "--yes", "--discard-new-writes"});
  INFO(output_of(back));
  REQUIRE(back.exit_code == 0);
  CHECK(project.server_version("auth") == "13");
  CHECK(project.sql("auth", "postgres", "SELECT count(*) FROM logins") == "300");
  CHECK(project.sql("wiki", "postgres", "SELECT count(*) FROM written_since") == "1");
  CHECK(project.read("docker-compose.yml") == two_services());
}

}  // namespace pgupgrade::test
