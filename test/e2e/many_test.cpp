// Many of everything: hostile names, several databases, several servers.
#include <filesystem>
#include <map>

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

std::string doubled(const std::string& text, char mark) {
  std::string result(1, mark);
  for (const char c : text) result += std::string(c == mark ? 2 : 1, c);
  return result + mark;
}
std::string name(const std::string& text) {
  return doubled(text, '"');
}
std::string literal(const std::string& text) {
  return doubled(text, '\'');
}

const Words kHostile = {"it's \"quoted\"", "$HOME $(id) `id`", "back\\slash\\", "a:b%c%20d/e?f#g",
                        "-leading --dash", "  spaces, commas;  ", "dbname=template1 host=nowhere",
                        "ünï 🐘 код",
                        // 63 bytes: as long as a name can be.
                        "sixty-three bytes 789 123456789 123456789 123456789 123456789 12"};

}  // namespace

TEST_CASE("hostile names and passwords, databases of other locales and settings for all roles survive") {
  Project project("hostile");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  std::string script = "SET client_encoding = 'UTF8';\n";
  for (const std::string& text : kHostile)
    script += "CREATE ROLE " + name(text) + " LOGIN PASSWORD " + literal(text + "'s secret") + ";\n" +
              "CREATE DATABASE " + name(text) + " OWNER " + name(text) + ";\n" + "ALTER ROLE " + name(text) +
              " SET application_name = " + literal(text) + ";\n";
  script +=
      "CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LOCALE "
      "'C.UTF-8';\n"
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';\n"
      "ALTER ROLE ALL SET lock_timeout = '77s';\n"
      "ALTER ROLE ALL IN DATABASE icu SET work_mem = '5MB';\n";
  project.script("db", "postgres", script);
  for (const std::string& text : kHostile)
    project.script("db", text,
                   "SET client_encoding = 'UTF8';\nCREATE SCHEMA " + name(text) + " AUTHORIZATION " +
                       name(text) + ";\nCREATE TABLE " + name(text) + "." + name(text) + " (" + name(text) +
                       " text PRIMARY KEY);\nINSERT INTO " + name(text) + "." + name(text) + " VALUES (" +
                       literal(text) + ");\n");
  // What every database begins with, and some have dropped; a stored column that is computed anew.
  project.sql("db", "postgres", "CREATE DATABASE bare");
  project.script(
      "db", "bare",
      "DROP SCHEMA public; DROP EXTENSION plpgsql; CREATE SCHEMA own; CREATE TABLE own.t (word text, "
      "words tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.english', word)) STORED); INSERT "
      "INTO own.t VALUES ('leaves');");
  project.sql("db", "icu", "CREATE TABLE t AS SELECT unnest(ARRAY['Ärger', 'Arg', 'Aerosol']) AS word");
  project.sql("db", "latin", "CREATE TABLE t AS SELECT chr(196) || 'rger' AS word");
  const auto databases = [&] {
    return project.sql(
        "db", "postgres",
        "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, "
        "datlocprovider FROM pg_database ORDER BY 1");
  };
  const auto settings = [&] {
    return project.sql(
        "db", "postgres",
        "SELECT coalesce(datname, '-'), coalesce(rolname, '-'), ARRAY(SELECT unnest(setconfig) ORDER BY 1) "
        "FROM "
        "pg_db_role_setting "
        "LEFT JOIN pg_database AS d ON d.oid = setdatabase LEFT JOIN pg_roles AS r ON r.oid = setrole "
        "ORDER BY 1, 2");
  };
  project.sql("db", "postgres", "ALTER ROLE ALL SET default_transaction_read_only = on");
  const std::string databases_before = databases();
  const std::string settings_before = settings();
  const std::string sorted = "SELECT string_agg(word, ' ' ORDER BY word) FROM t";
  const std::string sorted_before = project.sql("db", "icu", sorted);

  const ProcessResult result = project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--yes"});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  CHECK(databases() == databases_before);
  CHECK(settings() == settings_before);
  CHECK(project.sql("db", "icu", sorted) == sorted_before);
  CHECK(project.sql("db", "latin",
                    "SELECT encode(convert_to(word, 'LATIN1'), 'hex'), octet_length(word) FROM t") ==
        "c472676572|5");
  for (const std::string& text : kHostile) {
    CHECK(project.sql("db", text, "TABLE " + name(text) + "." + name(text)) == text);
    CHECK(project.login("db", text, text, text + "'s secret"));
  }
}

TEST_CASE("two servers of one project are upgraded in one run and cleaned up after it") {
  std::string compose = "services:\n";
  for (const auto& [service, major] : std::map<std::string, std::string>{{"one", "13"}, {"two", "15"}})
    compose += "  " + service + ":\n    image: pgupgrade-fixture/postgres:" + major +
               "\n    environment: { POSTGRES_PASSWORD: e2e-secret }\n    volumes: [\"" + service +
               ":/var/lib/postgresql/data\"]\n    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, "
               "postgres], interval: 1s, retries: 60 }\n";
  compose += "    user: postgres:postgres\nvolumes: { one: {}, two: {} }\n";  // two's, by name
  Project project("two");
  project.write("docker-compose.yml", compose);
  project.up();
  project.sql("one", "postgres", "CREATE TABLE t AS SELECT 'one' AS name");
  project.sql("two", "postgres", "CREATE TABLE t AS SELECT 'two' AS name");

  const ProcessResult result =
      project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--all", "--yes"});
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  for (const char* service : {"one", "two"}) {
    CHECK(project.server_version(service) == "17");
    CHECK(project.sql(service, "postgres", "SELECT name FROM t") == service);
  }
  const auto backups = project.run_directory() / "backup";
  CHECK(std::filesystem::exists(backups / "one.tar.zst"));
  const ProcessResult read = project.pgupgrade({"verify-backup", (backups / "two.tar.zst").native()});
  CHECK(read.exit_code == 0);
  CHECK(project.engine_leftovers().size() == 2);

  const ProcessResult clean = project.pgupgrade({"cleanup", "--yes"});
  INFO(output_of(clean));
  CHECK(clean.exit_code == 0);
  CHECK(project.engine_leftovers().empty());
  CHECK_FALSE(std::filesystem::exists(backups));
  CHECK(project.server_version("one") == "17");
}

}  // namespace pgupgrade::test
