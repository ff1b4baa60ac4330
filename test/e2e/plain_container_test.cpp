// A container of `docker run`, without a Compose file: upgraded, killed and resumed, rolled back, cleaned up.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

// Of this process: tests run side by side, and two networks cannot have the same addresses, nor two
// containers a port.
std::string subnet() {
  return "172.31." + std::to_string(::getpid() % 250) + ".";
}

std::string published() {
  return "127.0.0.1:" + std::to_string(25000 + ::getpid() % 5000) + ":5432";
}

namespace fs = std::filesystem;

// A server and a client in a network of their own, with all that a container can be given and must not lose.
class Plain {
 public:
  Plain(const std::string& name, int major, bool bind)
      : project(name),
        name_(project.name() + "-pg"),
        client_(project.name() + "-app"),
        network_(project.name() + "-net"),
        place_(bind ? (project / "data").string() : project.name() + "-data") {
    remove();
    must_run({"docker", "network", "create", "--subnet", subnet() + "0/24", network_});
    if (bind) fs::create_directory(place_);
    run(major);
    must_run({"docker", "run", "--detach", "--name", client_, "--network", network_, "--restart", "always",
              "--env", "PGHOST=database", "--env", "PGPASSWORD=s3cret/app", "pgupgrade-fixture/postgres:17",
              "sleep", "100000"});
    wait_until("the server", [&] { return accepts(); });
    project.superuser("boss");
    script("boss",
           "CREATE TABLE t (i int PRIMARY KEY, text text);"
           "INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 2000) AS i;"
           "CREATE DATABASE second;");
    script("second", "CREATE TABLE other AS SELECT 42 AS answer");
  }
  ~Plain() { remove(); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  std::string sql(const std::string& database, const std::string& text) const {
    return std::string(
        trim(must_run({"docker", "exec", name_, "psql", "--no-psqlrc", "--tuples-only", "--no-align",
                       "--username=boss", "--dbname=" + database, "--command=" + text})));
  }
  void script(const std::string& database, const std::string& text) const {
    for (const std::string& statement : split_list(text, ";"))
      if (!trim(statement).empty()) sql(database, statement);
  }
  bool accepts() const {
    return run_process({"docker", "exec", name_, "pg_isready", "--quiet", "--host=127.0.0.1"}).exit_code == 0;
  }
  std::string version() const {
    return sql("boss", "SELECT current_setting('server_version_num')::int / 10000");
  }
  std::string content() const {
    return sql("boss", "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY i)) FROM t") + " " +
           sql("second", "SELECT answer FROM other");
  }
  std::string look(const std::string& format) const { return project.inspect(name_, format); }
  // What must be the same of the new container, and of the old one when it is back.
  std::string kept() const {
    return look(
        "{{index .Config.Labels \"tier\"}} {{.HostConfig.RestartPolicy.Name}} {{json "
        ".HostConfig.PortBindings}} "
        "{{.HostConfig.ShmSize}} {{.HostConfig.Memory}} {{.HostConfig.NetworkMode}} "
        "{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}} {{.IPAddress}}{{end}} "
        "{{json .Config.Healthcheck}} {{.Config.Hostname}} {{.State.Running}}");
  }
  // Over the network, by the alias, with the application's password.
  bool client_connects() const {
    return run_process({"docker", "exec", client_, "psql", "--no-psqlrc", "--username=app", "--dbname=boss",
                        "--command=SELECT 1"})
               .exit_code == 0;
  }
  bool client_runs() const { return project.inspect(client_, "{{.State.Running}}") == "true"; }
  std::string aside() const { return name_ + "-pgupgrade-" + project.runs().at(0); }
  bool exists(const std::string& container) const {
    return run_process({"docker", "container", "inspect", container}).exit_code == 0;
  }
  Words upgrade(int major) const {
    return {"--container", name_, "--to", std::to_string(major), "--keep-md5", "--yes"};
  }

  Project project;

  const std::string& name() const { return name_; }
  const std::string& place() const { return place_; }

 private:
  void run(int major) const {
    const bool bind = place_.starts_with('/');
    must_run({"docker",
              "run",
              "--detach",
              "--name",
              name_,
              "--hostname",
              "shopdb",
              "--network",
              network_,
              "--network-alias",
              "database",
              "--ip",
              subnet() + "9",
              "--publish",
              published(),
              "--volume",
              place_ + ":/var/lib/postgresql/data",
              "--env",
              "POSTGRES_USER=boss",
              "--env",
              "POSTGRES_PASSWORD=s3cret/boss",
              "--label",
              "tier=data",
              "--restart",
              "unless-stopped",
              "--shm-size",
              "128m",
              "--memory",
              "512m",
              "--health-cmd",
              "pg_isready -U boss",
              "--health-interval",
              "1s",
              "pgupgrade-fixture/postgres:" + std::to_string(major),
              "-c",
              "work_mem=6MB"});
  }

  void remove() const {
    const std::string listed =
        run_process({"docker", "ps", "--all", "--quiet", "--filter", "name=^" + project.name() + "-"})
            .standard_output;
    for (const std::string& id : split_lines(listed))
      run_process({"docker", "rm", "--force", "--volumes", id});
    run_process({"docker", "volume", "rm", project.name() + "-data"});
    run_process({"docker", "network", "rm", network_});
    if (place_.starts_with('/') && fs::exists(place_))
      run_process({"docker", "run", "--rm", "--volume", place_ + ":/d", "pgupgrade-fixture/postgres:17",
                   "find", "/d", "-mindepth", "1", "-delete"});
  }

  std::string name_;
  std::string client_;
  std::string network_;
  std::string place_;
};

void require_exit(const Plain& plain, const Words& arguments, int exit_code) {
  const ProcessResult result = plain.project.pgupgrade(arguments);
  INFO(join(arguments, " ") << ": " << output_of(result));
  REQUIRE(result.exit_code == exit_code);
}

void require_killed(const Plain& plain, const std::string& place, const Words& arguments) {
  const ProcessResult result = plain.project.killed_at(place, arguments);
  INFO("to be killed at " << place << ": " << output_of(result));
  REQUIRE(result.signal_number == SIGKILL);
}

}  // namespace

TEST_CASE("a plain container on a named volume is upgraded to where the mount moves, and rolled back") {
  Plain plain("plain-volume", 15, false);
  plain.script("boss", "CREATE ROLE app LOGIN PASSWORD 's3cret/app'; GRANT CONNECT ON DATABASE boss TO app");
  REQUIRE(plain.client_connects());
  const std::string before = plain.content();
  const std::string kept = plain.kept();
  const std::string old_id = plain.look("{{.Id}}");

  const ProcessResult planned = plain.project.pgupgrade({"plan", "--container", plain.name(), "--to", "18"});
  INFO(output_of(planned));
  REQUIRE(planned.exit_code == 0);
  const std::string line = "docker run --detach --name " + plain.name();
  CHECK_THAT(planned.standard_output, ContainsSubstring(line));
  CHECK_THAT(planned.standard_output, ContainsSubstring(published()));
  CHECK_THAT(planned.standard_output, ContainsSubstring("pgupgrade-fixture/postgres:18"));
  CHECK(planned.standard_output.find("s3cret") == std::string::npos);

  require_exit(plain, plain.upgrade(18), 0);
  CHECK(plain.version() == "18");
  CHECK(plain.content() == before);
  CHECK(plain.kept() == kept);
  CHECK(plain.look("{{.Config.Image}}") == "pgupgrade-fixture/postgres:18");
  CHECK(plain.look("{{range .Mounts}}{{.Name}} {{.Destination}}{{end}}") ==
        plain.place() + " /var/lib/postgresql");
  CHECK(plain.sql("boss", "SHOW work_mem") == "6MB");
  CHECK(plain.client_runs());
  CHECK(plain.client_connects());
  CHECK(plain.project.inspect(plain.aside(), "{{.Id}} {{.State.Running}}") == old_id + " false");

  require_exit(plain, {"rollback", "--discard-new-writes"}, 0);
  CHECK(plain.version() == "15");
  CHECK(plain.content() == before);
  CHECK(plain.kept() == kept);
  CHECK(plain.look("{{.Id}}") == old_id);
  CHECK(plain.client_runs());
  CHECK(plain.client_connects());
  CHECK_FALSE(plain.exists(plain.aside()));
  require_exit(plain, {"cleanup", "--yes"}, 0);
  CHECK(plain.version() == "15");
}

TEST_CASE(
    "a plain container on a bind mount is killed at one place after the other, resumed and cleaned up") {
  Plain plain("plain-bind", 13, true);
  const std::string before = plain.content();
  const std::string kept = plain.kept();
  require_killed(plain, "stop-old:after-done", plain.upgrade(17));
  for (const char* place : {"wipe:emptied", "restore:after-action", "recreate:made", "recreate:remembered",
                            "recreate:old-aside", "recreate:named", "start:up"})
    require_killed(plain, place, {"resume"});
  require_exit(plain, {"resume"}, 0);
  CHECK(plain.version() == "17");
  CHECK(plain.content() == before);
  CHECK(plain.kept() == kept);
  CHECK(plain.client_runs());
  CHECK(plain.exists(plain.aside()));
  const std::string aside = plain.aside();
  require_exit(plain, {"cleanup", "--yes"}, 0);
  CHECK_FALSE(plain.exists(aside));
  CHECK(plain.version() == "17");
}

TEST_CASE("a plain container is upgraded warm, and a rollback that is killed comes to its end") {
  Plain plain("plain-warm", 15, false);
  const std::string before = plain.content();
  const std::string kept = plain.kept();
  Words warm = plain.upgrade(17);
  warm.insert(warm.end(), {"--strategy", "warm"});
  require_exit(plain, warm, 0);
  CHECK(plain.version() == "17");
  CHECK(plain.content() == before);
  CHECK(plain.kept() == kept);
  require_killed(plain, "recreate:new-removed", {"rollback", "--discard-new-writes"});
  require_exit(plain, {"rollback"}, 0);
  CHECK(plain.version() == "15");
  CHECK(plain.content() == before);
  CHECK(plain.kept() == kept);
}

TEST_CASE("a container with --rm, one of Compose and one that is not there are refused") {
  Project project("plain-refused");
  project.write("docker-compose.yml", small_project(15));
  project.up();
  const ProcessResult owned =
      project.pgupgrade({"plan", "--container", project.name() + "-db-1", "--to", "17"});
  INFO(output_of(owned));
  CHECK(owned.exit_code == 3);
  CHECK_THAT(owned.standard_error, ContainsSubstring("belongs to service \"db\" of the Compose project"));
  const ProcessResult absent =
      project.pgupgrade({"plan", "--container", project.name() + "-none", "--to", "17"});
  INFO(output_of(absent));
  CHECK(absent.exit_code == 2);
  CHECK_THAT(absent.standard_error, ContainsSubstring("could not find a container"));
  const std::string name = project.name() + "-passing";
  must_run({"docker", "run", "--detach", "--rm", "--name", name, "--env", "POSTGRES_PASSWORD=s3cret/x",
            "pgupgrade-fixture/postgres:15"});
  const ProcessResult passing = project.pgupgrade({"plan", "--container", name, "--to", "17"});
  must_run({"docker", "rm", "--force", "--volumes", name});
  INFO(output_of(passing));
  CHECK(passing.exit_code == 3);
  CHECK_THAT(passing.standard_error, ContainsSubstring("removes itself when it stops (--rm)"));
  CHECK(passing.standard_error.find("s3cret") == std::string::npos);
}

}  // namespace pgupgrade::test
