#include "pgupgrade/cli/arguments/locate.hpp"

#include <sys/stat.h>

#include "cli/samples.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;
namespace fs = std::filesystem;

namespace {

struct Refusal {
  std::string code;
  std::string message;
  std::string hint;
};

template <typename Action>
Refusal refusal_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::usage);
    return {error.code(), error.what(), error.hint()};
  }
  return {};
}

upgrade::FoundRun found(const std::string& id, RunOutcome outcome) {
  RunState state = pgupgrade::cli::test::shop_run();
  state.plan.run_id = id;
  state.outcome = outcome;
  return {.state_file = "/r/" + id + "/state.json", .state = state, .problem = ""};
}

}  // namespace

TEST_CASE("the flag outranks COMPOSE_FILE which outranks what Compose would take") {
  const pgupgrade::test::TemporaryDirectory directory;
  for (const char* name : {"compose.yaml", "a.yml", "b.yml", "c.yml"})
    write_file_durably(directory / name, "");
  Arguments arguments;
  Environment environment;
  REQUIRE(find_project(arguments, environment, directory.path()).files ==
          std::vector<fs::path>{directory / "compose.yaml"});
  environment = {
      {"COMPOSE_FILE", "a.yml:b.yml"}, {"COMPOSE_PROJECT_NAME", "shop"}, {"COMPOSE_PROFILES", "x,y"}};
  ProjectLocation expected;
  expected.files = {directory / "a.yml", directory / "b.yml"};
  expected.project_name = "shop";
  expected.profiles = {"x", "y"};
  REQUIRE(find_project(arguments, environment, directory.path()) == expected);
  arguments.compose = {"c.yml"};
  arguments.project_name = "other";
  arguments.profiles = {"z"};
  expected.files = {directory / "c.yml"};
  expected.project_name = "other";
  expected.profiles = {"z"};
  REQUIRE(find_project(arguments, environment, directory.path()) == expected);
}

TEST_CASE("an absent compose file is named") {
  const pgupgrade::test::TemporaryDirectory directory;
  Arguments arguments;
  Refusal refusal = refusal_of([&] { find_project(arguments, {}, directory.path()); });
  REQUIRE(refusal.code == "E-NO-FILE");
  REQUIRE(refusal.message == "could not find a Compose file in " + directory.path().native());
  arguments.compose = {"nope.yml"};
  refusal = refusal_of([&] { find_project(arguments, {}, directory.path()); });
  REQUIRE(refusal.code == "E-NO-FILE");
  REQUIRE(refusal.message ==
          "could not read the Compose file " + (directory / "nope.yml").native() + ": there is no such file");
  arguments.compose = {"status"};
  refusal = refusal_of([&] { find_project(arguments, {}, directory.path()); });
  REQUIRE(refusal.hint == "the command comes first: pgupgrade status …");
}

TEST_CASE("a request holds what was asked for with absolute paths") {
  const pgupgrade::test::TemporaryDirectory directory;
  write_file_durably(directory / "c.yml", "");
  write_file_durably(directory / "pw", "", 0600);
  Arguments arguments;
  arguments.compose = {"c.yml"};
  arguments.to = 17;
  arguments.services = {"db"};
  arguments.image = "postgres:17";
  arguments.password_file = "pw";
  arguments.keep_md5 = true;
  arguments.accept = {"E-X"};
  arguments.jobs = 2;
  Request expected;
  expected.project.files = {directory / "c.yml"};
  expected.target_major = 17;
  expected.services = {"db"};
  expected.image = "postgres:17";
  expected.password_file = directory / "pw";
  expected.md5_policy = Md5Policy::keep;
  expected.acknowledged = {"E-X"};
  expected.jobs = 2;
  expected.state_root = directory / ".pgupgrade";
  REQUIRE(make_request(arguments, {}, directory.path()) == expected);
  arguments.state_dir = "runs";
  expected.state_root = directory / "runs";
  REQUIRE(make_request(arguments, {}, directory.path()) == expected);
}

TEST_CASE("a container needs no Compose file, and its runs are kept where one is") {
  const pgupgrade::test::TemporaryDirectory directory;
  Arguments arguments;
  arguments.container = "pg";
  arguments.to = 17;
  Request expected;
  expected.container = "pg";
  expected.target_major = 17;
  expected.state_root = directory / ".pgupgrade";
  REQUIRE(make_request(arguments, {}, directory.path()) == expected);
  REQUIRE(make_request(arguments, {{"COMPOSE_FILE", "nope.yml"}}, directory.path()) == expected);
}

TEST_CASE("a password file that others may read is refused") {
  const pgupgrade::test::TemporaryDirectory directory;
  write_file_durably(directory / "c.yml", "");
  write_file_durably(directory / "pw", "", 0640);
  Arguments arguments;
  arguments.compose = {"c.yml"};
  arguments.password_file = "pw";
  const auto refusal = refusal_of([&] { make_request(arguments, {}, directory.path()); });
  const std::string path = (directory / "pw").native();
  REQUIRE(refusal.code == "E-PASSWORD-FILE");
  REQUIRE(refusal.message ==
          "cannot use the password file " + path + ": others may read or write it (mode 0640)");
  REQUIRE(refusal.hint == "chmod 600 " + path);
  arguments.password_file = "absent";
  REQUIRE(refusal_of([&] { make_request(arguments, {}, directory.path()); }).code == "E-NO-FILE");
}

TEST_CASE("the only unfinished run is meant and else the newest") {
  REQUIRE_FALSE(choose_run({}).has_value());
  const auto newest = found("cc", RunOutcome::succeeded);
  const auto middle = found("bb", RunOutcome::unfinished);
  const auto oldest = found("aa", RunOutcome::rolled_back);
  REQUIRE(choose_run({newest, middle, oldest})->state_file == middle.state_file);
  REQUIRE(choose_run({newest, oldest})->state_file == newest.state_file);
}

TEST_CASE("several unfinished runs are listed") {
  const upgrade::FoundRun damaged{
      .state_file = "/r/bb/state.json", .state = std::nullopt, .problem = "its digest is wrong"};
  const auto refusal = refusal_of([&] {
    choose_run({found("cc", RunOutcome::unfinished), damaged, found("aa", RunOutcome::succeeded)});
  });
  REQUIRE(refusal.code == "E-SEVERAL-RUNS");
  REQUIRE(refusal.message ==
          "could not choose a run: several have not finished\n"
          "/r/cc/state.json: unfinished, in step dump, started 2025-11-24 16:00:00 UTC\n"
          "/r/bb/state.json: its digest is wrong");
  REQUIRE(refusal.hint == "name one with --state FILE");
}

TEST_CASE("runs are looked for beside the compose file and here") {
  Arguments arguments;
  arguments.compose = {"/srv/shop/c.yml"};
  REQUIRE(state_roots(arguments, {}, "/home/me") ==
          std::vector<fs::path>{"/srv/shop/.pgupgrade", "/home/me/.pgupgrade"});
  REQUIRE(state_roots({}, {{"COMPOSE_FILE", "sub/c.yml"}}, "/home/me") ==
          std::vector<fs::path>{"/home/me/sub/.pgupgrade", "/home/me/.pgupgrade"});
  arguments.state_dir = "runs";
  REQUIRE(state_roots(arguments, {}, "/home/me") == std::vector<fs::path>{"/home/me/runs"});
}

TEST_CASE("a named state may be the file or the directory of the run") {
  const pgupgrade::test::TemporaryDirectory directory;
  fs::create_directory(directory / "7f3a");
  write_file_durably(directory / "7f3a/state.json", "{}");
  Arguments arguments;
  for (const char* name : {"7f3a", "7f3a/state.json"}) {
    arguments.state = name;
    REQUIRE(find_state_file(arguments, {}, directory.path()) == directory / "7f3a/state.json");
  }
  directory.write(".pgupgrade/0a1b2c3d/state.json", "{}");
  arguments.state = "0a1b2c3d";
  REQUIRE(find_state_file(arguments, {}, directory.path()) == directory / ".pgupgrade/0a1b2c3d/state.json");
  arguments.state = "other";
  REQUIRE(refusal_of([&] { find_state_file(arguments, {}, directory.path()); }).code == "E-NO-FILE");
}

TEST_CASE(
    "scripts tried within one server are found by their id, and without one where no run is beside them") {
  const pgupgrade::test::TemporaryDirectory directory;
  const auto add = [&](const std::string& file) {
    fs::create_directories((directory / ".pgupgrade" / file).parent_path());
    write_file_durably(directory / ".pgupgrade" / file, "{}");
    return directory / ".pgupgrade" / file;
  };
  const fs::path first = add("alternate-1/alternate.json");
  REQUIRE(find_state_file({}, {}, directory.path()) == first);
  const fs::path second = add("alternate-2/alternate.json");
  const auto refusal = refusal_of([&] { find_state_file({}, {}, directory.path()); });
  REQUIRE(refusal.code == "E-SEVERAL-RUNS");
  REQUIRE(refusal.message.find(first.native()) != std::string::npos);
  REQUIRE(refusal.message.find(second.native()) != std::string::npos);
  Arguments arguments;
  arguments.state = "alternate-2";
  REQUIRE(find_state_file(arguments, {}, directory.path()) == second);
  const fs::path upgrade = add("0a1b2c3d/state.json");
  REQUIRE(find_state_file({}, {}, directory.path()) == upgrade);
}

TEST_CASE("no run at all is an error that says where it was looked for") {
  const pgupgrade::test::TemporaryDirectory directory;
  const auto refusal = refusal_of([&] { find_state_file({}, {}, directory.path()); });
  REQUIRE(refusal.code == "E-NO-RUN");
  REQUIRE(refusal.message == "could not find a run under " + (directory / ".pgupgrade").native());
}

TEST_CASE("runs that ended before a time are found oldest first, and one that goes on is not among them") {
  const pgupgrade::test::TemporaryDirectory directory;
  const auto make = [&](const std::string& id, RunOutcome outcome, std::int64_t created, std::int64_t ended) {
    RunState state = pgupgrade::cli::test::shop_run();
    state.plan.run_id = id;
    state.plan.state_root = (directory / ".pgupgrade").native();
    state.outcome = outcome;
    state.created_ms = created;
    for (StepRecord& step : state.steps) step.ended_ms = ended;
    upgrade::Journal::create({.directory = directory / ".pgupgrade" / id}, state);
  };
  fs::create_directories(directory / ".pgupgrade");
  make("aaaaaaa1", RunOutcome::succeeded, 100, 900);
  make("aaaaaaa2", RunOutcome::rolled_back, 200, 300);
  make("aaaaaaa3", RunOutcome::unfinished, 50, 60);
  Arguments arguments;
  const auto before = [&](std::int64_t time) {
    std::vector<std::string> ids;
    for (const fs::path& file : find_ended_runs(arguments, {}, directory.path(), time))
      ids.push_back(file.parent_path().filename());
    return ids;
  };
  CHECK(before(1000) == std::vector<std::string>{"aaaaaaa2", "aaaaaaa1"});
  CHECK(before(900) == std::vector<std::string>{"aaaaaaa2"});
  CHECK(before(300).empty());
}
