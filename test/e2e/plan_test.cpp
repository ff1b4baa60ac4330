// What must change nothing: plans, and every way of being refused.
#include <sys/xattr.h>

#include <filesystem>

#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// All that a refusal could have touched: the project's file, its containers and since when they run.
std::string state_of(const Project& project) {
  std::string result = project.read("docker-compose.yml");
  for (const std::string& entry : project.containers()) {
    const std::string id = entry.substr(entry.find('=') + 1);
    result += project.inspect(
                  id, "{{.Id}} {{.State.Status}} {{.State.StartedAt}} {{.HostConfig.RestartPolicy.Name}}") +
              "\n";
  }
  for (const std::string& run : project.runs()) result += run + "\n";
  return result;
}

struct Refusal {
  std::string what;
  Words arguments;
  int exit_code = 0;
  std::string says;
  Variables variables = {};
};

void check_refusals(const Project& project, const std::vector<Refusal>& refusals) {
  const std::string before = state_of(project);
  for (const Refusal& refusal : refusals) {
    const ProcessResult result = project.pgupgrade(refusal.arguments, refusal.variables);
    INFO(refusal.what << ": " << output_of(result));
    CHECK(result.signal_number == 0);
    CHECK(result.exit_code == refusal.exit_code);
    CHECK_THAT(result.standard_output + result.standard_error, ContainsSubstring(refusal.says));
    CHECK(state_of(project) == before);
  }
}

Words to(const std::string& major, const Words& more = {}) {
  Words result = {"--compose", "docker-compose.yml", "--to", major};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

// A file that claims to be docker, without the plugin.
std::string docker_without_compose() {
  return "#!/bin/sh\necho \"docker: 'compose' is not a docker command.\" >&2\nexit 1\n";
}

}  // namespace

TEST_CASE("a dry run prints the plan and changes nothing") {
  Project project("dry");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  const std::string before = state_of(project);
  const std::string volumes =
      must_run({"docker", "volume", "ls", "--quiet", "--filter", "name=" + project.name()});

  const ProcessResult dry = project.pgupgrade(to("17", {"--dry-run"}));
  INFO(output_of(dry));
  CHECK(dry.exit_code == 0);
  CHECK_THAT(dry.standard_output,
             ContainsSubstring("pgupgrade-fixture/postgres:13 → pgupgrade-fixture/postgres:17"));
  CHECK_THAT(dry.standard_output, ContainsSubstring("18   thaw          " + project.name() + "-app-1"));
  const ProcessResult plan =
      project.pgupgrade({"plan", "--compose", "docker-compose.yml", "--to", "17", "--detailed-exitcode"});
  CHECK(plan.exit_code == 10);

  CHECK(state_of(project) == before);
  CHECK_FALSE(std::filesystem::exists(project / ".pgupgrade"));
  CHECK(must_run({"docker", "volume", "ls", "--quiet", "--filter", "name=" + project.name()}) == volumes);
}

TEST_CASE("what the user named wrongly or the engine cannot do is refused and nothing is touched") {
  Project project("refusals");
  project.write("docker-compose.yml", small_project(13))
      .write("none.yml", "services:\n  web:\n    image: pgupgrade-fixture/app:1\n")
      .write("two.yml",
             "services:\n  one:\n    image: pgupgrade-fixture/postgres:13\n  two:\n    image: "
             "pgupgrade-fixture/postgres:15\n")
      .write("broken.yml", "services:\n  db: [\n")
      .write("bin/docker", docker_without_compose(), 0755)
      .write("passwords", "legacy:x\n", 0644);
  project.up();
  check_refusals(
      project,
      {
          {"no such file", {"--compose", "absent.yml", "--to", "17", "--yes"}, 2, "absent.yml"},
          {"not a compose file", {"--compose", "broken.yml", "--to", "17", "--yes"}, 2, "broken.yml"},
          {"no PostgreSQL", {"--compose", "none.yml", "--to", "17", "--yes"}, 2, "E-NO-POSTGRES-SERVICE"},
          {"which of two", {"--compose", "two.yml", "--to", "17", "--yes"}, 2, "E-SEVERAL-SERVICES"},
          {"unknown service", to("17", {"--yes", "--service", "nobody"}), 2, "nobody"},
          {"no number", to("seventeen", {"--yes"}), 2, "seventeen"},
          {"the version that it has", to("13", {"--yes"}), 0, "Nothing to do"},
          {"an older version", to("12", {"--yes"}), 3, "E-TARGET-OLDER"},
          {"an image nobody has", to("17", {"--yes", "--image", "localhost:1/postgres:17"}), 3,
           "localhost:1/postgres:17"},
          {"an image of another version", to("17", {"--yes", "--image", "pgupgrade-fixture/postgres:15"}), 3,
           "E-IMAGE-MAJOR"},
          {"no engine", to("17", {"--yes"}), 8, "/nowhere.sock", {{"DOCKER_HOST", "unix:///nowhere.sock"}}},
          {"no docker", to("17", {"--yes"}), 2, "docker", {{"PATH", "/nowhere"}}},
          {"no Compose",
           to("17", {"--yes"}),
           2,
           "ompose",
           {{"PATH", (project / "bin").native() + ":/usr/bin:/bin"}}},
          {"nobody who consents", to("17"), 2, "--yes"},
          {"a password file for all to read", to("17", {"--yes", "--password-file", "passwords"}), 2,
           "passwords"},
      });
}

TEST_CASE("a service that was never created has nothing to upgrade") {
  Project project("fresh");
  project.write("docker-compose.yml", small_project(13));
  const ProcessResult result = project.pgupgrade(to("17", {"--yes"}));
  INFO(output_of(result));
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.standard_error, ContainsSubstring("service db has no data yet"));
  CHECK(project.read("docker-compose.yml") == small_project(13));
  CHECK(project.containers().empty());
}

TEST_CASE("a volume that another server refers to is refused") {
  Project project("shared");
  project.write("docker-compose.yml", small_project(13));
  project.up();
  project.create_other(
      {"--volume", project.name() + "_data:/var/lib/postgresql/data", "pgupgrade-fixture/postgres:13"});
  check_refusals(project, {{"shared", to("17", {"--yes"}), 3, project.name() + "-other"}});
}

TEST_CASE("extended attributes that a rollback would not give back are refused unless that is accepted") {
  Project project("attributes");
  std::string compose = small_project(13);
  compose.replace(compose.find("data:/var"), 4, "./data");
  project.write("docker-compose.yml", compose);
  project.up();
  const std::string file = project / "data/PG_VERSION";
  REQUIRE(::setxattr(file.c_str(), "user.note", "mine", 4, 0) == 0);
  check_refusals(project, {{"attributes", to("17", {"--yes"}), 3, "E-XATTR"},
                           {"accepted", to("17", {"--dry-run", "--accept", "E-XATTR"}), 0, "E-XATTR"}});
}

}  // namespace pgupgrade::test
