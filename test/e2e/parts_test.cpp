// An upgrade in three parts, with a look at the project between them.
#include <signal.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {

TEST_CASE(
    "an upgrade halts after the dump and after the wipe, also when it was killed there, and is loaded") {
  Project project("parts");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  project.script("db", "postgres",
                 "CREATE TABLE item AS SELECT g AS id, md5(g::text) AS name FROM generate_series(1, 300) g;");
  const auto require_exit = [&](const Words& words, int code) {
    const ProcessResult result = project.pgupgrade(words);
    INFO(output_of(result));
    REQUIRE(result.exit_code == code);
    return result.standard_output + result.standard_error;
  };
  const auto is_running = [&] {
    return !project.compose({"ps", "--status", "running", "--quiet", "db"}).empty();
  };

  CHECK_THAT(require_exit({"wipe", "--yes"}, 2), ContainsSubstring("E-NO-RUN"));
  CHECK_THAT(require_exit({"dump", "--to", "17", "--yes", "--keep-dumps", "dumps"}, 0),
             ContainsSubstring("The old data is untouched"));
  CHECK_FALSE(is_running());
  CHECK(std::filesystem::exists(project / "dumps" / ("pgupgrade-" + project.runs().front() + "-dumps") /
                                "db" / "postgres.dump"));
  CHECK_THAT(require_exit({"status"}, 0), ContainsSubstring("pgupgrade wipe"));
  CHECK_THAT(require_exit({"load", "--yes"}, 2), ContainsSubstring("E-PART"));
  CHECK_THAT(require_exit({"resume"}, 0), ContainsSubstring("pgupgrade wipe"));

  CHECK(project.killed_at("wipe:after-action", {"wipe", "--yes"}).signal_number == SIGKILL);
  CHECK_THAT(require_exit({"load", "--yes"}, 2), ContainsSubstring("E-PART"));
  CHECK_THAT(require_exit({"wipe", "--yes"}, 0), ContainsSubstring("pgupgrade load"));
  CHECK_FALSE(is_running());
  CHECK_THAT(require_exit({"load", "--yes"}, 0), ContainsSubstring("identical"));
  CHECK(project.server_version("db") == "17");
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM item") == "300");
  require_exit({"rollback", "--yes", "--discard-new-writes"}, 0);
  CHECK(project.server_version("db") == "15");
  CHECK(project.sql("db", "postgres", "SELECT count(*) FROM item") == "300");
}

}  // namespace pgupgrade::test
