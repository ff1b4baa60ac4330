#include "pgupgrade/compose/cli.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/environment_variable.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::compose;
using pgupgrade::test::TemporaryDirectory;
using pgupgrade::test::Variable;
namespace fs = std::filesystem;

namespace {

// A PATH of one directory with programs of ours in it. `docker` notes its arguments, its DOCKER_HOST and
// whether its input is at the end, and then does as the body says.
class FakeDocker {
 public:
  explicit FakeDocker(const std::string& body) : path_("PATH", (directory_.path() / "bin").string()) {
    fs::create_directories(directory_.path() / "bin");
    if (!body.empty()) add("docker", note() + body);
  }

  void add(const std::string& name, const std::string& body) const {
    const fs::path file = directory_.write("bin/" + name, "#!/bin/sh\n" + body + "\n");
    fs::permissions(file, fs::perms::owner_all);
  }
  std::string log() const { return directory_.read("log"); }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  std::string note() const {
    const std::string log = (directory_.path() / "log").string();
    return "echo \"$*\" >>" + log + "\necho \"$DOCKER_HOST\" >>" + log + "\nread line && echo input >>" +
           log + "\n";
  }

  TemporaryDirectory directory_;
  Variable path_;
};

template <typename Action>
std::string refusal_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() + ": " + error.what() + " (" + error.hint() + ")";
  }
  return "no error";
}

const Cancellation kNever;
const std::string kEndpoint = "unix:///run/x.sock";
const std::string kInstall = "(install Docker Compose 2, so that `docker compose version` answers)";

}  // namespace

TEST_CASE("the version of Compose is asked of docker") {
  const FakeDocker docker("echo v2.40.3");
  CHECK(make_cli(kEndpoint, current_environment(), kNever)->version() == "2.40.3");
  CHECK(docker.log() == "compose version --short\nunix:///run/x.sock\n");
}

TEST_CASE("a machine without docker or without Compose 2 is told what to install") {
  const auto version = [] { make_cli(kEndpoint, current_environment(), kNever)->version(); };
  {
    const FakeDocker none("");
    CHECK(
        refusal_of(version) ==
        "E-COMPOSE-MISSING: could not find the docker command on PATH (install the Docker command line with "
        "Compose 2)");
  }
  FakeDocker docker("echo \"docker: 'compose' is not a docker command.\" >&2\nexit 1");
  CHECK(refusal_of(version) ==
        "E-COMPOSE-MISSING: could not run docker compose: docker: 'compose' is not a docker command. " +
            kInstall);
  docker.add("docker-compose", "echo 1.29.2");
  CHECK(refusal_of(version) ==
        "E-COMPOSE-V1: cannot use Docker Compose 1.29.2: version 2 is needed " + kInstall);
  docker.add("docker", "echo 1.29.2");
  CHECK(refusal_of(version) ==
        "E-COMPOSE-V1: cannot use Docker Compose 1.29.2: version 2 is needed " + kInstall);
}

TEST_CASE("a project is loaded with all that its location names") {
  const FakeDocker docker(
      "echo '{\"name\": \"shop\", \"services\": {\"db\": {\"image\": \"postgres:15\"}}}'");
  const auto cli = make_cli(kEndpoint, current_environment(), kNever);
  const Project project = cli->load({{"/p/a.yml", "/p/b.yml"}, "shop", {"x", "y"}, {"/p/1.env", "/p/2.env"}});
  CHECK(project.name == "shop");
  CHECK(project.services.at("db").image == "postgres:15");
  cli->load({{"/p/a.yml"}, "", {}, {}});
  CHECK(docker.log() ==
        "compose -f /p/a.yml -f /p/b.yml -p shop --profile x --profile y --env-file /p/1.env --env-file "
        "/p/2.env "
        "config --format json\nunix:///run/x.sock\n"
        "compose -f /p/a.yml config --format json\nunix:///run/x.sock\n");
}

TEST_CASE("what Compose says of a bad project is passed on without its warnings") {
  const FakeDocker docker(
      "echo 'time=\"2025-01-01T00:00:00Z\" level=warning msg=\"version is obsolete\"' >&2\n"
      "echo 'services.db Additional property imag is not allowed' >&2\nexit 15");
  CHECK(refusal_of([] {
          make_cli(kEndpoint, current_environment(), kNever)->load({{"/p/a.yml"}, "", {}, {}});
        }) ==
        "E-COMPOSE-CONFIG: could not read the Compose project of /p/a.yml: services.db Additional property "
        "imag "
        "is not "
        "allowed (fix the project so that `docker compose config` accepts it)");
}

TEST_CASE("services are started without their dependencies and without a build") {
  const FakeDocker docker("exit 0");
  make_cli(kEndpoint, current_environment(), kNever)
      ->up({{"/p/a.yml"}, "shop", {}, {}}, {"db", "db2"}, std::chrono::seconds(60));
  CHECK(docker.log() ==
        "compose -f /p/a.yml -p shop up -d --no-deps --no-build -- db db2\nunix:///run/x.sock\n");
}

TEST_CASE("a failed start says why") {
  const FakeDocker docker("echo 'Error response from daemon: no space' >&2\nexit 1");
  CHECK(refusal_of([] {
          make_cli(kEndpoint, current_environment(), kNever)
              ->up({{"/p/a.yml"}, "", {}, {}}, {"db"}, std::chrono::seconds(60));
        }) ==
        "E-COMPOSE-UP: could not start db through Compose: Error response from daemon: no space (fix what "
        "Compose reports, then run `pgupgrade resume`)");
  const FakeDocker silent("exit 3");
  CHECK(refusal_of([] {
          make_cli(kEndpoint, current_environment(), kNever)
              ->up({{"/p/a.yml"}, "", {}, {}}, {"db"}, std::chrono::seconds(60));
        }) ==
        "E-COMPOSE-UP: could not start db through Compose: docker compose exited with 3 (fix what Compose "
        "reports, then run `pgupgrade resume`)");
}

TEST_CASE("other contents are shown to Compose in a mirror that leaves the project alone") {
  // Answers with the image that the second file of the arguments names, and with a path beside it.
  const FakeDocker docker(
      "dir=${3%/*}\nread tag <$dir/.env\nread image <$dir/sub/b.yml\nread other <$dir/sub/../a.yml\n"
      "echo \"{\\\"name\\\": \\\"${dir##*/}\\\", \\\"services\\\": {\\\"db\\\": {\\\"image\\\": "
      "\\\"$image $tag $other\\\", \\\"volumes\\\": [{\\\"type\\\": \\\"bind\\\", \\\"source\\\": "
      "\\\"$dir/data\\\", "
      "\\\"target\\\": \\\"/d\\\"}]}}}\"");
  const TemporaryDirectory project;
  const fs::path a = project.write("shop/a.yml", "first\n");
  const fs::path b = project.write("shop/sub/b.yml", "second\n");
  const fs::path env = project.write("shop/.env", "third\n");
  const TemporaryDirectory temporary;
  const Variable tmpdir("TMPDIR", temporary.path().string());

  const Project seen = make_cli(kEndpoint, current_environment(), kNever)
                           ->load_with({{a}, "", {}, {}}, {{b, "SECOND\n"}, {env, "THIRD\n"}});
  CHECK(seen.name == "shop");
  CHECK(seen.services.at("db").image == "SECOND THIRD first");
  CHECK(seen.services.at("db").mounts[0].source == (project.path() / "shop/data").string());
  CHECK(project.read("shop/sub/b.yml") == "second\n");
  CHECK(project.read("shop/.env") == "third\n");
  CHECK(fs::is_empty(temporary.path()));
}

TEST_CASE("named env files are named in the mirror too") {
  const FakeDocker docker("echo '{}'");
  const TemporaryDirectory project;
  const fs::path a = project.write("a.yml", "");
  const fs::path env = project.write("e/x.env", "");
  const TemporaryDirectory temporary;
  const Variable tmpdir("TMPDIR", temporary.path().string());
  make_cli(kEndpoint, current_environment(), kNever)->load_with({{a}, "", {}, {env}}, {{a, "x"}});
  const std::string line = split_lines(docker.log()).front();
  const std::string root = line.substr(11, line.find(a.string()) - 11);
  CHECK(root.substr(0, temporary.path().string().size()) == temporary.path().string());
  CHECK(line ==
        "compose -f " + root + a.string() + " --env-file " + root + env.string() + " config --format json");
}

TEST_CASE("a refusal of other contents names the user's paths") {
  const FakeDocker docker("echo \"yaml: $3: line 1\" >&2\nexit 1");
  const TemporaryDirectory project;
  const std::string a = project.write("a.yml", "").string();
  CHECK(refusal_of([&] {
          make_cli(kEndpoint, current_environment(), kNever)->load_with({{a}, "", {}, {}}, {{a, "x"}});
        }) == "E-COMPOSE-CONFIG: could not read the Compose project of " + a + ": yaml: " + a +
                  ": line 1 (fix the project so that `docker compose config` accepts it)");
}

TEST_CASE("the default files are those that Compose takes") {
  const TemporaryDirectory directory;
  const fs::path& path = directory.path();
  using Paths = std::vector<fs::path>;
  CHECK(default_files(path).empty());
  directory.write("docker-compose.yaml", "");
  CHECK(default_files(path) == Paths{path / "docker-compose.yaml"});
  directory.write("docker-compose.override.yml", "");
  CHECK(default_files(path) == Paths{path / "docker-compose.yaml", path / "docker-compose.override.yml"});
  directory.write("compose.yml", "");
  directory.write("compose.override.yaml", "");
  CHECK(default_files(path) == Paths{path / "compose.yml", path / "compose.override.yaml"});
  CHECK(default_files(path / "absent").empty());
  directory.write(".env", "COMPOSE_FILE=compose.yml:more/prod.yml\n");
  CHECK(default_files(path) == Paths{path / "compose.yml", path / "more/prod.yml"});
  directory.write(".env", "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=\"a:b.yml,c.yml\"\n");
  CHECK(default_files(path) == Paths{path / "a:b.yml", path / "c.yml"});
}
