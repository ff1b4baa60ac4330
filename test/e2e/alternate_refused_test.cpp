// Scripts that were applied, nobody knows how far; roles and programs that cannot do it; strangers'
// databases.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <thread>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/registry.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProvenance = "INSERT INTO production.provenance VALUES ('2.0');\n";

ProcessResult expect(const Registry& registry, const Words& words, int exit_code, const std::string& says,
                     const Variables& variables = {}) {
  ProcessResult result = registry.run(words, variables);
  INFO(join(words, " ") << ": " << output_of(result));
  CHECK(result.exit_code == exit_code);
  CHECK_THAT(result.standard_error + result.standard_output, ContainsSubstring(says));
  return result;
}

void kill_at(const Registry& registry, const Words& words, const std::string& place) {
  const ProcessResult result = registry.run(words, {{"PGUPGRADE_KILL_AT", place}});
  INFO(place << ": " << output_of(result));
  REQUIRE(result.signal_number == SIGKILL);
}

// As another machine, or another server, would have it.
void change_state(const Registry& registry, const std::string& field, const std::string& value) {
  const fs::path file = registry.state_file();
  auto state = json::as_object(json::parse(read_file(file), "the state"), "state");
  REQUIRE(state.contains(field));
  state[field] = value;
  write_file_durably(file, boost::json::serialize(state));
}

}  // namespace

TEST_CASE("a script of which it is not known how far it came is not applied again, and the dump leads back") {
  const Registry registry(15);
  const std::string script =
      registry.script("batch.sql", std::string("-- pgupgrade: no transaction\n") + kProvenance +
                                       "UPDATE production.provenance SET version = version || '!';\n");
  const Words apply = registry.command({script}, {"--apply"});
  expect(registry, registry.command({script}), 0, "all passed");
  kill_at(registry, apply, "alternate:ran");
  CHECK(registry.registry() == "1.0!,2.0! id,name,size,price 3000");
  const ProcessResult refused =
      expect(registry, apply, 3, "error[E-APPLIED-PARTLY]: cannot continue: batch.sql");
  CHECK(registry.registry() == "1.0!,2.0! id,name,size,price 3000");
  CHECK_THAT(
      refused.standard_error,
      ContainsSubstring("applied: none; the next one was cut off or failed, and may have left a part"));
  std::string back;
  for (const std::string& line : split_lines(refused.standard_error))
    if (const std::size_t at = line.find("psql -d "); at != std::string::npos) back = line.substr(at);
  must_run({"sh", "-c", back},
           {.extra_environment = {{"PGPASSFILE", (registry.directory() / "passfile").native()}}});
  CHECK(registry.registry() == kRegistryBefore);
  // A rehearsal says what it forgets.
  expect(registry, registry.command({script}), 0,
         "that an application ended midway (applied: none); its dump stays");
  expect(registry, apply, 0, "Applied 1 script to database registry");
}

TEST_CASE(
    "whether a transaction was committed is not asked after a restart of the machine, or of another "
    "cluster") {
  const Registry registry(15);
  const std::string script = registry.script("a.sql", kProvenance);
  const Words apply = registry.command({script}, {"--apply"});
  expect(registry, registry.command({script}), 0, "all passed");
  kill_at(registry, apply, "alternate:script");
  change_state(registry, "boot", "another");
  expect(registry, apply, 3, "error[E-APPLIED-PARTLY]");
  CHECK(registry.registry() == kRegistryBefore);
  expect(registry, registry.command({script}), 0, "all passed");
  kill_at(registry, apply, "alternate:ran");
  const std::string after = registry.registry();
  change_state(registry, "cluster", "another");
  expect(registry, apply, 3, "error[E-APPLIED-PARTLY]");
  CHECK(registry.registry() == after);
}

TEST_CASE("a role that may not give objects away copies them with --no-owner") {
  const Registry registry(15);
  registry.server().sql("registry",
                        "ALTER TABLE working.run OWNER TO postgres; GRANT SELECT ON working.run TO app");
  const std::string script = registry.script("a.sql", "ALTER TABLE working.run ADD COLUMN more int;\n");
  expect(registry, registry.command({script}), 3, "--no-owner");
  CHECK(registry.databases() == "registry");
  expect(registry, registry.command({script}, {"--no-owner"}), 0, "all passed");
  CHECK(
      registry.server().sql("alt_db",
                            "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname IN "
                            "('production', 'working')") == "app");
  // What passed on a copy of its own it may not do to what is somebody else's.
  const ProcessResult failed = expect(registry, registry.command({script}, {"--no-owner", "--apply"}), 3,
                                      "must be owner of table run");
  CHECK_THAT(failed.standard_error,
             ContainsSubstring("error[E-SCRIPT]") && ContainsSubstring("--no-owner --apply"));
  CHECK(registry.registry() == kRegistryBefore);
}

TEST_CASE("a server that is newer than the programs of this machine is refused before anything is made") {
  const Registry registry(18);
  Words words = registry.command({registry.script("a.sql", kProvenance)});
  words.erase(std::find(words.begin(), words.end(), "--image"), words.end());
  expect(registry, words, 3, "error[E-CLIENT-PROGRAMS]");
  CHECK(registry.databases() == "registry");
  CHECK_FALSE(fs::exists(registry.directory() / ".pgupgrade"));
}

TEST_CASE("a database that somebody makes between plan and copy is not filled and not dropped") {
  const Registry registry(15);
  const Words words = registry.command({registry.script("a.sql", kProvenance)});
  const Variables paused = {{"PGUPGRADE_PAUSE_AT", "alternate:begun"}};
  ProcessResult result;
  std::thread rehearsal([&] { result = registry.run(words, paused); });
  const auto stopped = [&] {
    return run_process({"pgrep", "--runstates", "T", "--full",
                        fmt::format("rehearse --from .*:{}/registry", registry.server().port())},
                       {});
  };
  std::string process;
  try {
    wait_until("a rehearsal that stands", [&] {
      process = std::string(trim(stopped().standard_output));
      return !process.empty();
    });
    registry.server().sql("postgres", "CREATE DATABASE alt_db");
  } catch (...) {
    if (!process.empty()) ::kill(std::stoi(process), SIGKILL);
    rehearsal.join();
    throw;
  }
  ::kill(std::stoi(process), SIGCONT);
  rehearsal.join();
  INFO(output_of(result));
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.standard_error,
             ContainsSubstring("error[E-TARGET-NOT-EMPTY]: cannot copy to database \"alt_db\": somebody has "
                               "created it since the plan"));
  CHECK(registry.databases() == "alt_db, registry");
}

}  // namespace pgupgrade::test
