// What an upgrade leaves behind: for each shape of project the whole way, on real containers.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

const Words kUpgradeTo17 = {"--compose", "docker-compose.yml", "--to", "17", "--yes"};
const Words kUpgradeTo18 = {"--compose", "docker-compose.yml", "--to", "18", "--yes"};

std::string sample() {
  return read_file(source_directory() / "compose-fixtures" / "sample.sql");
}

// The schema as the new version's pg_dump tells it, without what names versions or is random.
std::string schema(const Project& project, const std::string& database) {
  const std::string id = project.container("db");
  const std::string text =
      must_run({"docker", "run", "--rm", "--network", "container:" + id, "--env", "PGPASSWORD=s3cret/shop",
                "pgupgrade-fixture/postgres:17", "pg_dump", "--schema-only", "--quote-all-identifiers",
                "--host=127.0.0.1", "--username=shop", "--dbname=" + database});
  std::string kept;
  for (const std::string& line : split_lines(text)) {
    const bool varies = starts_with_word(line, "\\restrict") || starts_with_word(line, "\\unrestrict") ||
                        line.rfind("-- Dumped", 0) == 0;
    if (!varies) kept += line + "\n";
  }
  return kept;
}

std::set<std::string> words_of(const std::string& text) {
  const Words lines = split_lines(text);
  return {lines.begin(), lines.end()};
}

std::set<std::string> missing(const std::set<std::string>& wanted, const std::set<std::string>& there) {
  std::set<std::string> result;
  std::set_difference(wanted.begin(), wanted.end(), there.begin(), there.end(),
                      std::inserter(result, result.end()));
  return result;
}

// The lines in which two texts differ, those of the first with "-", those of the second with "+".
Words differences(const std::string& first, const std::string& second) {
  const Words a = split_lines(first);
  const Words b = split_lines(second);
  Words result;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i < a.size() && i < b.size() && a[i] == b[i]) continue;
    if (i < a.size()) result.push_back("-" + a[i]);
    if (i < b.size()) result.push_back("+" + b[i]);
  }
  return result;
}

// Paths below the state directory that somebody else could read.
Words readable_by_others(const fs::path& root) {
  Words result;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status {};
    REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
    const bool private_to_us = (status.st_mode & 07777U) == (entry.is_directory() ? 0700U : 0600U);
    if (!private_to_us) result.push_back(entry.path().native());
  }
  return result;
}

std::string restart_policies(const Project& project) {
  std::string result;
  for (const std::string& entry : project.containers()) {
    const auto at = entry.find('=');
    result += entry.substr(0, at) + " " +
              project.inspect(entry.substr(at + 1), "{{.HostConfig.RestartPolicy.Name}} {{.State.Running}}") +
              "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("a shop that takes orders all the time is upgraded and loses none") {
  Project project("shop");
  project.copy_fixture("shop").superuser("shop").write("log/acknowledged", "");
  project.up();
  project.script("db", "shop", sample());
  const auto acknowledged = [&] { return words_of(project.read("log/acknowledged")); };
  wait_until("ten orders", [&] { return acknowledged().size() >= 10; });
  const std::string volume = project.name() + "_pgdata";
  const std::string volume_before = project.inspect(volume, "{{.Name}} {{.CreatedAt}} {{json .Labels}}");
  const std::string policies_before = restart_policies(project);
  const std::string compose_before = project.read("docker-compose.yml");
  const std::string shop_before = schema(project, "shop");
  const std::string archive_before = schema(project, "Archiv 2019");

  const ProcessResult result = project.pgupgrade(kUpgradeTo17);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);

  CHECK(project.server_version("db") == "17");
  const auto before = acknowledged();
  wait_until("ten more orders", [&] { return acknowledged().size() >= before.size() + 10; });
  const auto promised = acknowledged();

  CHECK(missing(promised, words_of(project.sql("db", "shop", "SELECT id FROM orders"))).empty());

  // Servers of two versions print the same view in different words: the old schema is held against the new
  // one on the new server.
  project.sql("db", "postgres", "CREATE DATABASE shop_before TEMPLATE template0");
  project.script("db", "shop_before", shop_before);
  CHECK(differences(schema(project, "shop_before"), schema(project, "shop")).empty());
  project.sql("db", "postgres", "DROP DATABASE shop_before");
  CHECK(differences(archive_before, schema(project, "Archiv 2019")).empty());
  CHECK(project.sql("db", "shop",
                    "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolpassword NOT LIKE "
                    "'SCRAM-SHA-256$%'") == "0");
  CHECK(project.login("db", "shop", "warehouse", "ware house, 2nd floor"));
  CHECK(project.login("db", "shop", "Night \"Shift\" $1 ö", "pässwörd '42' $"));
  CHECK_FALSE(project.login("db", "shop", "warehouse", "another"));

  std::string compose_wanted = compose_before;
  compose_wanted.replace(compose_wanted.find("postgres:13"), 11, "postgres:17");
  CHECK(project.read("docker-compose.yml") == compose_wanted);

  CHECK(project.inspect(volume, "{{.Name}} {{.CreatedAt}} {{json .Labels}}") == volume_before);
  CHECK(project.inspect(project.container("db"), "{{range .Mounts}}{{.Name}} {{.Destination}};{{end}}")
            .find(volume + " /var/lib/postgresql/data;") != std::string::npos);
  CHECK(project.sql("db", "shop", "SHOW data_directory") == "/var/lib/postgresql/data");
  CHECK(restart_policies(project) == policies_before);

  const Words containers = project.containers();
  project.compose({"up", "--detach"});
  CHECK(project.containers() == containers);
  CHECK(split_lines(project.compose({"ps", "--services"})).size() == 3);

  CHECK(project.engine_leftovers() == Words{"volume pgupgrade-" + project.runs().at(0) + "-db-dump"});
  CHECK(readable_by_others(project / ".pgupgrade").empty());
  CHECK((fs::status(project / ".pgupgrade").permissions() & fs::perms::all) == fs::perms::owner_all);
}

TEST_CASE("a bind mount with a superuser of another name and its password in a file goes from 15 to 17") {
  Project project("bind");
  project.copy_fixture("bind").superuser("-Ledger, admin: ö");
  std::string compose = project.read("docker-compose.yml");
  const auto put = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = compose.find(from); at != std::string::npos;
         at = compose.find(from, at + to.size()))
      compose.replace(at, from.size(), to);
  };
  put("postgres:13", "postgres:15");
  put("- POSTGRES_USER=ledger_admin", "- \"POSTGRES_USER=-Ledger, admin: ö\"");
  put("PGUSER: ledger_admin", "PGUSER: \"-Ledger, admin: ö\"");
  project.write("docker-compose.yml", compose);
  project.up();
  project.sql("db", "ledger",
              "CREATE TABLE accounts AS SELECT i, 'account ' || i AS name FROM generate_series(1, 500) AS i");
  const std::string owner_before = project.sql("db", "ledger", "SELECT pg_get_userbyid(10)");

  const ProcessResult result = project.pgupgrade(kUpgradeTo17);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "ledger", "SELECT count(*), min(name) FROM accounts") == "500|account 1");
  CHECK(project.sql("db", "ledger", "SELECT pg_get_userbyid(10)") == owner_before);
  CHECK(project.inspect(project.container("db"), "{{range .Mounts}}{{.Type}} {{.Source}};{{end}}")
            .find("bind " + (project / "data").native() + ";") != std::string::npos);
  std::string wanted = compose;
  wanted.replace(wanted.find("postgres:15"), 11, "postgres:17");
  CHECK(project.read("docker-compose.yml") == wanted);
  const std::string password(trim(project.read("db_password.txt")));
  CHECK(project.login("db", "ledger", "-Ledger, admin: ö", password));
  const Words containers = project.containers();
  project.compose({"up", "--detach"});
  CHECK(project.containers() == containers);
}

TEST_CASE("to 18 the mount moves up in the compose file and the data with it") {
  Project project("to18");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.sql("db", "postgres", "CREATE TABLE t AS SELECT generate_series(1, 100) AS i");
  const std::string checksums = project.sql("db", "postgres", "SHOW data_checksums");

  const ProcessResult result = project.pgupgrade(kUpgradeTo18);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "18");
  CHECK(project.read("docker-compose.yml") == small_project(18));
  CHECK(project.sql("db", "postgres", "SHOW data_directory") == "/var/lib/postgresql/18/docker");
  CHECK(project.sql("db", "postgres", "SHOW data_checksums") == checksums);
  CHECK(project.sql("db", "postgres", "SELECT sum(i) FROM t") == "5050");
  CHECK(project.inspect(project.container("db"), "{{range .Mounts}}{{.Name}} {{.Destination}};{{end}}") ==
        project.name() + "_data /var/lib/postgresql;");
}

TEST_CASE("settings that wait for a reload and lines of pg_hba are carried over to 18") {
  Project project("carried");
  project.write("docker-compose.yml", small_project(17));
  project.up();
  project.sql("db", "postgres", "CREATE ROLE guest LOGIN PASSWORD 'guest-e2e'");
  must_run({"docker", "exec", project.container("db"), "sed", "-i",
            "1i # our own rule\\nhost postgres guest 0.0.0.0/0 reject",
            "/var/lib/postgresql/data/pg_hba.conf"});
  project.sql("db", "postgres", "SELECT pg_reload_conf()");
  project.sql("db", "postgres", "ALTER SYSTEM SET work_mem = '7MB'");
  project.sql("db", "postgres", "ALTER SYSTEM SET application_name = 'it''s $1 \\ ours'");
  REQUIRE(project.sql("db", "postgres", "SHOW work_mem") == "4MB");

  const ProcessResult result = project.pgupgrade(kUpgradeTo18);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("db") == "18");
  CHECK(project.sql("db", "postgres", "SHOW work_mem") == "7MB");
  CHECK(
      project.sql("db", "postgres", "SELECT setting FROM pg_file_settings WHERE name = 'application_name'") ==
      "it's $1 \\ ours");
  CHECK(project.sql(
            "db", "postgres",
            "SELECT auth_method FROM pg_hba_file_rules WHERE user_name = '{guest}' AND error IS NULL") ==
        "reject");
  CHECK_FALSE(project.login("db", "postgres", "guest", "guest-e2e"));
  CHECK(project.login("db", "postgres", "postgres", "e2e-secret"));
}

TEST_CASE("a data directory below the mount with its version in .env and settings on the command line") {
  Project project("env");
  project.copy_fixture("env");
  project.write(".env", "# ours\nDB_PASSWORD=metrics-dev\n\nPG_MAJOR=13\n");
  project.up();
  const std::string env_before = project.read(".env");
  const std::string compose_before = project.read("docker-compose.yml");
  wait_until("the first sample", [&] {
    return project.sql("database", "metrics", "SELECT count(*) FROM pg_class WHERE relname = 'samples'") ==
               "1" &&
           project.sql("database", "metrics", "SELECT count(*) > 0 FROM samples") == "t";
  });

  const ProcessResult result = project.pgupgrade(kUpgradeTo17);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK(project.server_version("database") == "17");
  const std::string count = "SELECT count(*) FROM samples";
  const int there = std::stoi(project.sql("database", "metrics", count));
  wait_until("the next sample", [&] { return std::stoi(project.sql("database", "metrics", count)) > there; });
  CHECK(project.sql("database", "metrics",
                    "SELECT current_setting('data_directory'), current_setting('max_connections'), "
                    "current_setting('timezone'), current_setting('data_checksums'), "
                    "current_setting('wal_segment_size')") ==
        "/var/lib/postgresql/data/pgdata|60|Europe/Berlin|on|4MB");
  std::string env_wanted = env_before;
  env_wanted.replace(env_wanted.find("PG_MAJOR=13"), 11, "PG_MAJOR=17");
  CHECK(project.read(".env") == env_wanted);
  CHECK(project.read("docker-compose.yml") == compose_before);
}

}  // namespace pgupgrade::test
