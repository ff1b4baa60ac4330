#include "pgupgrade/migrate/programs.hpp"

#include <filesystem>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::migrate;
using pgupgrade::test::TemporaryDirectory;

namespace {

void write_program(const TemporaryDirectory& directory, const std::string& name, const std::string& script) {
  std::filesystem::permissions(directory.write(name, "#!/bin/sh\n" + script),
                               std::filesystem::perms::owner_all);
}

const Cancellation& never() {
  static const Cancellation kNever;
  return kNever;
}

std::unique_ptr<Programs> programs_in(const TemporaryDirectory& directory,
                                      const Cancellation& cancellation = never()) {
  return programs_on_this_machine(
      {.major = 17, .version = "17.6", .directory = directory.path(), .image = {}}, cancellation);
}

// The machine may have some itself.
std::optional<ClientPrograms> of_major(const std::vector<ClientPrograms>& found, int major) {
  for (const ClientPrograms& programs : found)
    if (programs.major == major) return programs;
  return std::nullopt;
}

}  // namespace

TEST_CASE("the version is read from the programs' own words") {
  CHECK(version_in("pg_dump (PostgreSQL) 17.6 (Debian 17.6-1)\n") == "17.6");
  CHECK(version_in("pg_dump (PostgreSQL) 19beta1\n") == "19beta1");
  CHECK(version_in("something else\n").empty());
}

TEST_CASE("programs of one version in one directory are found") {
  const TemporaryDirectory directory;
  const std::string version = "echo 'x (PostgreSQL) 97.1'";
  write_program(directory, "97/pg_dump", version);
  write_program(directory, "97/pg_restore", version);
  CHECK_FALSE(of_major(find_programs({directory / "97"}), 97));  // no vacuumdb
  write_program(directory, "97/vacuumdb", version);
  const auto found = of_major(find_programs({directory / "97"}), 97);
  REQUIRE(found);
  CHECK(found->version == "97.1");
  CHECK(found->directory == directory / "97");
  write_program(directory, "pg_wrapper", version);
  std::filesystem::create_directories(directory / "wrapped");
  for (const char* name : {"pg_dump", "pg_restore", "vacuumdb"})
    std::filesystem::create_symlink(directory / "pg_wrapper", directory / "wrapped" / name);
  CHECK_FALSE(of_major(find_programs({directory / "wrapped"}), 97));
  write_program(directory, "97/pg_restore", "echo 'x (PostgreSQL) 96.1'");
  CHECK_FALSE(of_major(find_programs({directory / "97"}), 97));
}

TEST_CASE("a password reaches a program by its environment and by nothing else") {
  const TemporaryDirectory directory;
  write_program(directory, "pg_dump", "echo \"$* $PGPASSWORD\"");
  const auto programs = programs_in(directory);
  CHECK(programs->run({.argv = {"pg_dump", "a b"}, .password = Secret{std::string("s3cret")}}, {}).output ==
        "a b s3cret\n");
}

TEST_CASE("what one program writes the other reads") {
  const TemporaryDirectory directory;
  write_program(directory, "pg_dump",
                "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo said >&2");
  write_program(directory, "pg_restore", "wc -l; echo heard >&2");
  const auto output = programs_in(directory)->pipe({.argv = {"pg_dump"}, .password = {}},
                                                   {.argv = {"pg_restore"}, .password = {}}, {});
  CHECK(output.succeeded());
  CHECK(output.output == "20000\n");
  CHECK(output.message == "said\nheard\n");
}

TEST_CASE("either end of a pipe can fail, and neither waits for the other") {
  const TemporaryDirectory directory;
  write_program(directory, "fails", "exit 3");
  write_program(directory, "endless", "while echo on; do :; done 2>/dev/null; exit 1");
  write_program(directory, "reads", "cat >/dev/null");
  const auto programs = programs_in(directory);
  const auto pipe = [&](const char* from, const char* to) {
    return programs->pipe({.argv = {from}, .password = {}}, {.argv = {to}, .password = {}}, {}).exit_code;
  };
  CHECK(pipe("fails", "reads") == 3);
  CHECK(pipe("endless", "fails") == 3);
}

TEST_CASE("a cancelled program is ended") {
  const TemporaryDirectory directory;
  write_program(directory, "sleeps", "exec sleep 600");
  Cancellation cancellation;
  const auto programs = programs_in(directory, cancellation);
  CHECK_THROWS_AS(programs->run({.argv = {"sleeps"}, .password = {}}, [&] { cancellation.request(2); }),
                  Error);
}
