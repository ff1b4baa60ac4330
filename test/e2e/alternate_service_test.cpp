// Scripts tried on a copy of schemas within the server of a service, or of a container, then applied.
#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersions = "SELECT string_agg(version, ',' ORDER BY version) FROM sales.provenance";

// A project whose server has a database "shop".
void begin(Project& project, int major) {
  project.write("docker-compose.yml", small_project(major));
  project.up();
  project.script("db", "postgres", "CREATE DATABASE shop;");
  project.script("db", "shop",
                 "CREATE SCHEMA sales; CREATE TABLE sales.item (id int PRIMARY KEY, name text);"
                 "INSERT INTO sales.item SELECT g, md5(g::text) FROM generate_series(1, 500) g;"
                 "CREATE TABLE sales.provenance (version text); INSERT INTO sales.provenance VALUES ('1');"
                 "CREATE TABLE public.other (a int);");
  project.write("migrate.sql",
                "INSERT INTO sales.provenance VALUES ('2');\nALTER TABLE sales.item ADD COLUMN price int;\n");
}

Words rehearse(const Words& where, const Words& more = {"--run", "migrate.sql"}) {
  Words words = {"rehearse", "--into", "alt_db", "--yes"};
  words.insert(words.end(), where.begin(), where.end());
  if (more.front() == "--run") words.insert(words.end(), {"--schema", "sales"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string databases(const Project& project) {
  return project.sql(
      "db", "postgres",
      "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate");
}

void must(const Project& project, const Words& words, const std::string& says) {
  const ProcessResult result = project.pgupgrade(words);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.standard_output, ContainsSubstring(says));
}

// Of a directory; the time in a dump's name is left out.
std::string files(const fs::path& directory) {
  Words names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().native();
    names.push_back(name.starts_with("before-") ? "before.dump" : name);
  }
  std::sort(names.begin(), names.end());
  return join(names, " ");
}

std::string command_in(const ProcessResult& result, const std::string& beginning) {
  for (const std::string& line : split_lines(result.standard_error + result.standard_output)) {
    const std::size_t at = line.find(beginning);
    if (at != std::string::npos) return line.substr(at);
  }
  return {};
}

}  // namespace

TEST_CASE(
    "scripts are tried and applied within the server of a service, whose address may change meanwhile") {
  Project project("alternate");
  begin(project, 17);
  const Words service = {"--compose", "docker-compose.yml", "--service", "db", "--database", "shop"};
  const ProcessResult rehearsed = project.pgupgrade(rehearse(service));
  INFO(output_of(rehearsed));
  REQUIRE(rehearsed.exit_code == 0);
  CHECK_THAT(rehearsed.standard_output,
             ContainsSubstring("service \"db\" of project " + project.name() + ", "));
  CHECK_THAT(rehearsed.standard_output,
             ContainsSubstring("pgupgrade-fixture/postgres:17") && !ContainsSubstring("W-NOT-ENCRYPTED"));
  CHECK_THAT(rehearsed.standard_error, ContainsSubstring("2 tables, 501 rows: identical"));
  const std::string next = command_in(rehearsed, "pgupgrade rehearse ");
  CHECK(next ==
        "pgupgrade rehearse --compose docker-compose.yml --service db --database shop --schema sales --into "
        "alt_db --run migrate.sql --apply");
  CHECK(databases(project) == "alt_db postgres shop");
  CHECK(project.sql("db", "shop", kVersions) == "1");
  CHECK(project.sql("db", "alt_db", kVersions) == "1,2");

  // Somebody takes its address.
  project.compose({"stop", "db"});
  project.compose({"run", "--detach", "--no-deps", "app", "sleep", "60"});
  project.compose({"start", "db"});
  project.up();
  must(project, rehearse(service, {"--run", "migrate.sql", "--apply"}), "Applied 1 script to database shop");
  CHECK(project.sql("db", "shop", kVersions) == "1,2");
  must(project, rehearse(service, {"--run", "migrate.sql", "--apply"}), "Nothing to do");

  // What it has left.
  const fs::path left = project.run_directory();
  must(project, {"status"}, "Applied   migrate.sql\nCopy      in database alt_db");
  for (const char* command : {"resume", "rollback"}) {
    const ProcessResult other = project.pgupgrade({command});
    INFO(output_of(other));
    CHECK(other.exit_code == 2);
    CHECK_THAT(other.standard_error, ContainsSubstring("it is a rehearsal within a server") &&
                                         ContainsSubstring("database shop: applied: migrate.sql\n"));
  }
  CHECK(files(left) == "1.out 1.sql 1.transaction alternate.json before.dump lock run.log");
  must(project, {"cleanup", "--yes"}, "The copy in database alt_db stays");
  CHECK(files(left) == "alternate.json lock run.log");
  must(project, rehearse(service, {"--run", "migrate.sql", "--apply"}), "was removed by cleanup");

  // The way back that a failure tells.
  project.write("more.sql", "-- pgupgrade: no transaction\nDROP TABLE sales.item;\n");
  must(project, rehearse(service, {"--run", "more.sql"}), "all passed");
  project.script("db", "shop", "CREATE VIEW public.uses AS SELECT name FROM sales.item;");
  const ProcessResult failed = project.pgupgrade(rehearse(service, {"--run", "more.sql", "--apply"}));
  INFO(output_of(failed));
  CHECK(failed.exit_code == 5);
  const ProcessResult kept = project.pgupgrade({"cleanup", "--yes"});
  CHECK(kept.exit_code == 7);
  CHECK_THAT(kept.standard_error, ContainsSubstring("error[E-UNFINISHED]") &&
                                      ContainsSubstring("applied: none; the others were not, or in part"));
  const std::string back = command_in(failed, "docker exec -i ");
  project.script("db", "shop", "DROP TABLE sales.item CASCADE;");
  must_run({"sh", "-c", back}, {.working_directory = project.directory()});
  CHECK(project.sql("db", "shop", "SELECT count(*), count(name) FROM sales.item") == "500|500");
  must(project, rehearse(service, {"--drop"}), "Dropped database \"alt_db\"");
  CHECK(databases(project) == "postgres shop");
}

TEST_CASE("a rehearsal within a server that is not there, or not a server, touches nothing") {
  Project project("noserver");
  begin(project, 15);
  const std::string before = databases(project);
  const auto refused = [&](const Words& where, int exit_code, const std::string& says) {
    const ProcessResult result = project.pgupgrade(rehearse(where));
    INFO(output_of(result));
    CHECK(result.exit_code == exit_code);
    CHECK_THAT(result.standard_error, ContainsSubstring(says));
    CHECK_FALSE(fs::exists(project / ".pgupgrade"));
  };
  refused({"--service", "dv", "-d", "shop"}, 2, "did you mean db?");
  refused({"--service", "app", "-d", "shop"}, 3,
          "error[E-NO-SERVER]: could not reach the server of service \"app\"");
  refused({"--service", "db", "-d", "shopp"}, 2, "error[E-UNKNOWN-DATABASE]");
  refused({"--compose", "missing.yml", "-d", "shop"}, 2, "error[E-NO-FILE]");
  refused({"--container", "nowhere-at-all", "-d", "shop"}, 2, "error[E-NO-CONTAINER]");
  CHECK(databases(project) == before);
  CHECK(project.sql("db", "shop", kVersions) == "1");
  // Without --database the only one is meant, without --service the only server.
  const std::string container = project.name() + "-db-1";
  // As it is where the database came from an older version.
  project.script("db", "shop", "ALTER SCHEMA public OWNER TO postgres;");
  must(project, rehearse({"--container", container, "--schema", "public"}), "all passed");
  CHECK(project.sql("db", "alt_db", "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'") ==
        "postgres");
  must(project, rehearse({"--container", container}, {"--drop"}), "Dropped database \"alt_db\"");
  CHECK(databases(project) == before);
  fs::remove_all(project / ".pgupgrade");
  project.compose({"stop", "db"});
  refused({"-d", "shop"}, 3, "is not running, so nothing can be rehearsed in its server");
  refused({"--container", container}, 3, "start it with \"docker start " + container + "\"");
}

}  // namespace pgupgrade::test
