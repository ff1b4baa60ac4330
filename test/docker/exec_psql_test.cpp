#include "pgupgrade/docker/exec_psql.hpp"

#include <functional>
#include <stdexcept>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/process.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;

namespace {

constexpr const char* kEnd = "pgupgrade: end of the answer\n";

struct Call {
  std::string user;
  std::string role;
  std::string database;
  std::string host;
  std::string sql;
  bool operator==(const Call&) const = default;
};

// An engine that can only run psql in a container: a function plays the server.
class PsqlEngine final : public docker::Engine {
 public:
  std::function<docker::ExecResult(const Call&)> server;
  std::vector<Call> calls;
  std::function<docker::ExecResult(const std::vector<std::string>& argv)> series;  // of several questions
  int series_asked = 0;
  std::vector<std::string> last_argv;
  std::string last_container;

  docker::ExecResult exec(const std::string& container, const std::vector<std::string>& argv,
                          const std::string& user) override {
    last_container = container;
    last_argv = argv;
    if (argv.size() > 2 && argv[2].find("ask() { psql") != std::string::npos) {
      ++series_asked;
      return series ? series(argv) : docker::ExecResult();
    }
    Call call;
    call.user = user;
    for (const std::string& argument : argv) {
      take(argument, "--username=", call.role);
      take(argument, "--dbname=", call.database);
      take(argument, "--host=", call.host);
      if (call.sql.empty()) take(argument, "--command=", call.sql);
    }
    calls.push_back(call);
    return server(call);
  }

  docker::EngineInfo info() override { unexpected(); }
  std::optional<docker::ContainerInfo> inspect_container(const std::string&) override { unexpected(); }
  std::vector<docker::ContainerSummary> list_containers(const docker::ContainerFilter&) override {
    unexpected();
  }
  std::string create_container(const docker::ContainerSpec&) override { unexpected(); }
  std::string run_line(const std::string&, const std::string&, const docker::ContainerChanges&) override {
    unexpected();
  }
  std::string create_like(const std::string&, const std::string&, const docker::ContainerChanges&) override {
    unexpected();
  }
  void rename_container(const std::string&, const std::string&) override { unexpected(); }
  void start_container(const std::string&) override { unexpected(); }
  void signal_container(const std::string&, const std::string&) override { unexpected(); }
  void stop_container(const std::string&, std::chrono::seconds) override { unexpected(); }
  std::optional<int> wait_container(const std::string&, std::chrono::milliseconds) override { unexpected(); }
  void set_restart_policy(const std::string&, const RestartPolicy&) override { unexpected(); }
  void remove_container(const std::string&) override { unexpected(); }
  void container_logs(const std::string&, const Sink&, const Sink&) override { unexpected(); }
  void get_archive(const std::string&, const std::string&, const Sink&) override { unexpected(); }
  void put_archive(const std::string&, const std::string&, const Source&) override { unexpected(); }
  std::optional<docker::VolumeInfo> inspect_volume(const std::string&) override { unexpected(); }
  void create_volume(const docker::VolumeSpec&) override { unexpected(); }
  void remove_volume(const std::string&) override { unexpected(); }
  std::vector<docker::VolumeInfo> list_volumes(const std::map<std::string, std::string>&) override {
    unexpected();
  }
  std::optional<docker::ImageInfo> inspect_image(const std::string&) override { unexpected(); }
  void pull_image(const std::string&, const std::function<void(const docker::PullProgress&)>&) override {
    unexpected();
  }

 private:
  [[noreturn]] static void unexpected() { throw std::logic_error("only exec is expected here"); }
  static void take(const std::string& argument, const std::string& option, std::string& value) {
    if (argument.compare(0, option.size(), option) == 0) value = argument.substr(option.size());
  }
};

docker::ExecResult answer(const std::string& rows) {
  return {.exit_code = 0, .standard_output = rows + kEnd, .standard_error = ""};
}

docker::ExecResult no_connection(const std::string& reason) {
  return {.exit_code = 2, .standard_output = "", .standard_error = "psql: error: " + reason + "\n"};
}

std::string problem_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("rows come without the sentinel") {
  PsqlEngine engine;
  engine.server = [](const Call&) { return answer("{\"a\":1}\n\n{\"a\":2}\n"); };
  ExecPsql psql(engine, "c1", "boss");
  REQUIRE(psql.query("sh'op", "SELECT 1") == std::vector<std::string>{"{\"a\":1}", "", "{\"a\":2}"});
  REQUIRE(engine.calls ==
          std::vector<Call>{
              {.user = "", .role = "boss", .database = "dbname='sh\\'op'", .host = "", .sql = "SELECT 1"}});
}

TEST_CASE("the statement is data and psql reads only") {
  PsqlEngine engine;
  engine.server = [](const Call&) { return answer(""); };
  ExecPsql psql(engine, "c1", "boss");
  REQUIRE(psql.query("shop", "SELECT '$(reboot)'").empty());
  REQUIRE(engine.last_argv.at(0) == "sh");
  REQUIRE(engine.last_argv.at(1) == "-c");
  CHECK(engine.last_argv.at(5).empty());
  REQUIRE_THAT(engine.last_argv.at(4), ContainsSubstring("default_transaction_read_only=on"));
  REQUIRE_THAT(engine.last_argv.at(2), !ContainsSubstring("reboot"));
  REQUIRE(engine.last_argv.at(3) == "psql");
  REQUIRE(std::vector<std::string>(engine.last_argv.begin() + 6, engine.last_argv.end()) ==
          std::vector<std::string>{"--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password",
                                   "--set=ON_ERROR_STOP=1", "--username=boss", "--dbname=dbname='shop'",
                                   "--command=SELECT '$(reboot)'",
                                   "--command=SELECT 'pgupgrade: end of the answer'"});
}

TEST_CASE("the name of a database in bytes that are not UTF-8 goes to the shell in digits") {
  PsqlEngine engine;
  engine.server = [](const Call&) { return answer(""); };
  ExecPsql(engine, "c1", "boss").query("caf\xe9\\", "SELECT 1");
  CHECK(engine.last_argv.at(5) == "\\0143\\0141\\0146\\0351\\0134");
  CHECK(engine.calls.back().database.empty());
}

TEST_CASE("an answer that was cut anywhere is no answer") {
  const std::string whole = std::string("{\"a\":1}\n") + kEnd;
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    INFO("cut after " << length << " bytes");
    PsqlEngine engine;
    engine.server = [&](const Call&) {
      return docker::ExecResult{
          .exit_code = 0, .standard_output = whole.substr(0, length), .standard_error = ""};
    };
    ExecPsql psql(engine, "c1", "boss");
    REQUIRE(problem_of([&] { psql.query("shop", "SELECT 1"); }) ==
            "E-EXEC-CUT: the answer from database \"shop\" in container c1 was cut short");
  }
}

TEST_CASE("an error of the server is told in its words") {
  PsqlEngine engine;
  engine.server = [](const Call&) {
    return docker::ExecResult{
        .exit_code = 1,
        .standard_output = "",
        .standard_error = "WARNING: x\nERROR:  relation \"nope\" does not exist\nLINE 1: ...\n"};
  };
  ExecPsql psql(engine, "c1", "boss");
  REQUIRE(problem_of([&] { psql.query("shop", "SELECT 1"); }) ==
          "E-SQL: could not query database \"shop\" in container c1: relation \"nope\" does not exist");
  REQUIRE(engine.calls.size() == 1);
}

TEST_CASE("a container that is named by its id is told by the short form") {
  const std::string id = "b67afde618d7924c2cbd804d195f491f6e9106bb59e4a13c790340c8fe3c1ce6";
  PsqlEngine engine;
  engine.server = [](const Call&) { return no_connection("no such file"); };
  ExecPsql psql(engine, id, "boss");
  REQUIRE(problem_of([&] { psql.query("shop", "SELECT 1"); }) ==
          "E-SQL: could not query database \"shop\" in container b67afde618d7: psql: error: no such file");
  REQUIRE(engine.last_container == id);
}

TEST_CASE("the way to the server that works is remembered") {
  PsqlEngine engine;
  engine.server = [](const Call& call) {
    return call.user == "postgres" ? answer("1\n") : no_connection("Peer authentication failed");
  };
  ExecPsql psql(engine, "c1", "boss");
  REQUIRE(psql.query("shop", "SELECT 1") == std::vector<std::string>{"1"});
  REQUIRE(psql.query("shop", "SELECT 1") == std::vector<std::string>{"1"});
  std::vector<std::string> users;
  for (const Call& call : engine.calls) users.push_back(call.user);
  REQUIRE(users == std::vector<std::string>{"", "postgres", "postgres"});
}

TEST_CASE("when no way works the reason of the usual one is told") {
  PsqlEngine engine;
  engine.server = [](const Call& call) {
    return no_connection(call.host.empty() && call.user.empty() ? "no such file" : "something else");
  };
  ExecPsql psql(engine, "c1", "boss");
  REQUIRE(problem_of([&] { psql.query("shop", "SELECT 1"); }) ==
          "E-SQL: could not query database \"shop\" in container c1: psql: error: no such file");
  REQUIRE(engine.calls.size() == 4);
}

TEST_CASE("expected questions go together, one psql for each database, and each answer is given once") {
  PsqlEngine engine;
  // The script itself runs, with a psql that answers each statement by its own text.
  const pgupgrade::test::TemporaryDirectory directory;
  write_file_durably(directory / "psql", R"sh(#!/bin/sh
echo "psql $PGAPPNAME" >>"$0.calls"
for word; do case $word in
  --command=*set_config*|'--command=\o'*) ;;
  '--command=SELECT 1/0') exit 1 ;;
  "--command=SELECT 'pgupgrade "*) word=${word#*\'}; echo "${word%\'}" ;;
  --command=*) echo "${word#--command=}" ;;
esac; done
)sh",
                     0755);
  engine.series = [&](std::vector<std::string> argv) {
    ProcessOptions options;
    argv.insert(argv.begin(), {"env", "PATH=" + directory.path().native() + ":/usr/bin:/bin"});
    const ProcessResult result = run_process(argv, options);
    return docker::ExecResult{.exit_code = result.exit_code, .standard_output = result.standard_output};
  };
  engine.server = [](const Call& call) { return answer("alone: " + call.sql + "\n"); };
  ExecPsql psql(engine, "c1", "boss");
  psql.expect({{"a b", "SELECT 1"},
               {"a b", "SELECT '$(x) \"y\"'"},
               {"c", "SELECT 1"},
               {"c", "SELECT 1/0"},
               {"c", "SELECT 9"}});
  using Rows = std::vector<std::string>;
  CHECK(psql.query("a b", "SELECT '$(x) \"y\"'") == Rows{"SELECT '$(x) \"y\"'"});
  CHECK(psql.query("a b", "SELECT 1") == Rows{"SELECT 1"});
  CHECK(psql.query("c", "SELECT 1") == Rows{"SELECT 1"});
  CHECK(engine.series_asked == 1);
  CHECK(read_file(directory / "psql.calls") == "psql pgupgrade\npsql pgupgrade\n");
  CHECK(engine.calls.empty());
  CHECK(psql.query("c", "SELECT 1/0") == Rows{"alone: SELECT 1/0"});  // failed there, and says why here
  CHECK(psql.query("c", "SELECT 9") == Rows{"alone: SELECT 9"});
  CHECK(psql.query("c", "SELECT 1") == Rows{"alone: SELECT 1"});
  CHECK(engine.series_asked == 1);
}

TEST_CASE("the login is the bootstrap superuser even when another role got in") {
  PsqlEngine engine;
  engine.server = [](const Call& call) {
    if (call.database == "dbname='postgres'") return no_connection("database \"postgres\" does not exist");
    if (call.sql.find("oid = 10") != std::string::npos) return answer("root\n");
    return answer(call.role == "root" ? "on\n" : "off\n");
  };
  docker::ContainerInfo container;
  container.id = "c1";
  container.name = "shop-db-1";
  container.environment = {"POSTGRES_USER=app", "POSTGRES_DB=shop"};
  const ExecPsql::Login login = ExecPsql::find_login(engine, container);
  REQUIRE(login.role == "root");
  REQUIRE(login.database == "shop");
}

TEST_CASE("the superuser's name is read from the file that a variable names") {
  PsqlEngine engine;
  engine.server = [&](const Call& call) {
    if (engine.last_argv == std::vector<std::string>{"cat", "/run/secrets/user"})
      return docker::ExecResult{.exit_code = 0, .standard_output = "keeper\n", .standard_error = {}};
    if (call.role != "keeper") return no_connection("role \"" + call.role + "\" does not exist");
    return answer(call.sql.find("oid = 10") != std::string::npos ? "keeper\n" : "on\n");
  };
  docker::ContainerInfo container;
  container.id = "c1";
  container.name = "shop-db-1";
  container.environment = {"POSTGRES_USER_FILE=/run/secrets/user"};
  CHECK(ExecPsql::find_login(engine, container).role == "keeper");
}

TEST_CASE("a vendor's variable names the superuser as well") {
  PsqlEngine engine;
  engine.server = [](const Call& call) {
    if (call.role != "keeper") return no_connection("role \"" + call.role + "\" does not exist");
    return answer(call.sql.find("oid = 10") != std::string::npos ? "keeper\n" : "on\n");
  };
  docker::ContainerInfo container;
  container.id = "c1";
  container.name = "shop-db-1";
  container.environment = {"POSTGRESQL_USERNAME=keeper", "POSTGRESQL_PASSWORD=x"};
  CHECK(ExecPsql::find_login(engine, container).role == "keeper");
}

TEST_CASE("without a superuser the first reason is told") {
  PsqlEngine engine;
  engine.server = [](const Call&) { return no_connection("no password supplied"); };
  docker::ContainerInfo container;
  container.id = "c1";
  container.name = "shop-db-1";
  REQUIRE(
      problem_of([&] { ExecPsql::find_login(engine, container); }) ==
      "E-NO-SUPERUSER: could not log in as the superuser in container shop-db-1: could not query database "
      "\"postgres\" "
      "in container c1: psql: error: no password supplied");
}

TEST_CASE("a linked WAL directory is told from one that is inside") {
  PsqlEngine engine;
  std::string output;
  engine.server = [&](const Call&) {
    return docker::ExecResult{
        .exit_code = 0, .standard_output = output, .standard_error = "permission denied\n"};
  };
  output = "linked\n";
  REQUIRE(wal_is_linked(engine, "c1", "/data"));
  REQUIRE(engine.last_argv.back() == "/data");
  output = "inside\n";
  REQUIRE_FALSE(wal_is_linked(engine, "c1", "/data"));
  output = "";
  REQUIRE(
      problem_of([&] { wal_is_linked(engine, "c1", "/data"); }) ==
      "E-EXEC-CUT: could not determine whether pg_wal of /data in container c1 is a link: permission denied");
}
