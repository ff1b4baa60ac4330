// Scripts tried on a copy of schemas within one server, then applied to the database itself, as a guide has
// it.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <future>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/registry.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

void must(const Registry& registry, const Words& words, const std::string& says) {
  const ProcessResult result = registry.run(words);
  INFO(output_of(result));
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.standard_output, ContainsSubstring(says));
}

constexpr const char* kLocks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";

// As another run does, until it is ended.
void hold_lock(const NetworkServer& server) {
  try {
    server.sql("registry", "SELECT pg_advisory_lock(7166112010119825440), pg_sleep(60)");
  } catch (const std::exception&) {
    // That is how it ends.
  }
}

constexpr const char* kBefore = kRegistryBefore;
constexpr const char* kAfter = "1.0,2.0 id,name,size,price,owner 3000";
constexpr const char* kMigrate =
    "ALTER TABLE dataset ADD COLUMN owner text;\n"  // found by the database's search_path
    "UPDATE dataset\n   SET owner = 'nobody';\n"
    "CREATE TABLE working.later (a int);\n";
constexpr const char* kProvenance = "INSERT INTO production.provenance VALUES ('2.0');\n";

}  // namespace

TEST_CASE(
    "scripts are tried on a copy of two schemas until they pass, then applied, and the dump leads back") {
  const Registry registry(15);
  const std::string provenance = registry.script("provenance.sql", kProvenance);
  const std::string broken =
      std::string(kMigrate) + "ALTER TABLE working.run ALTER COLUMN missing SET NOT NULL;\n";
  const std::string migrate = registry.script("migrate.sql", broken);

  const ProcessResult failed = registry.run(registry.command({migrate, provenance}));
  INFO(output_of(failed));
  CHECK(failed.exit_code == 3);
  CHECK_THAT(failed.standard_error,
             ContainsSubstring(
                 "error[E-SCRIPT]: could not run migrate.sql in database \"alt_db\" at line 5 (ALTER "
                 "TABLE working.run ALTER COLUMN missing SET NOT NULL;): column \"missing\" of relation "
                 "\"run\" does not exist\n"));
  CHECK_THAT(failed.standard_error,
             ContainsSubstring("database registry is untouched; the copy in alt_db stays"));
  CHECK(registry.registry() == kBefore);
  CHECK(registry.server().sql("alt_db", "SELECT count(*) FROM production.dataset", "app") == "3000");
  CHECK(registry.server().sql("alt_db", "SELECT has_table_privilege('reader', 'working.run', 'SELECT')") ==
        "t");
  CHECK(registry.server().sql("alt_db",
                              "SELECT count(*) FROM pg_class WHERE relname IN ('later', 'audit')") == "0");
  // What has not passed is not applied.
  CHECK(registry.run(registry.command({migrate, provenance}, {"--apply"})).exit_code == 3);
  CHECK(registry.registry() == kBefore);

  registry.script("migrate.sql",
                  std::string(kMigrate) + fmt::format("\\! cat /proc/[0-9]*/cmdline > {}\n",
                                                      (registry.directory() / "seen").native()));
  must(registry, registry.command({migrate, provenance}),
       "Rehearsed 2 scripts on a copy in database alt_db: all passed");
  CHECK(registry.registry() == kBefore);
  const std::string seen = read_file(registry.directory() / "seen");
  CHECK(seen.find("--single-transaction") != std::string::npos);
  CHECK(seen.find("s3\\cret") == std::string::npos);

  const ProcessResult other = registry.run(registry.command({provenance}, {"--apply"}));
  CHECK(other.exit_code == 3);
  CHECK_THAT(other.standard_error, ContainsSubstring("error[E-NOT-REHEARSED]"));
  must(registry, registry.command({migrate, provenance}, {"--apply", "--dry-run"}),
       "Nothing has been changed yet");
  CHECK(registry.registry() == kBefore);
  must(registry, registry.command({migrate, provenance}, {"--apply"}),
       "Applied 2 scripts to database registry");
  CHECK(registry.registry() == kAfter);
  must(registry, registry.command({migrate, provenance}, {"--apply"}), "Nothing to do");
  CHECK(registry.registry() == kAfter);

  const std::string dump = registry.dump();
  CHECK((fs::status(dump).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  for (const auto& entry : fs::recursive_directory_iterator(registry.directory()))
    if (entry.is_regular_file() && entry.path().filename() != "passfile")
      CHECK(read_file(entry.path()).find("s3\\cret") == std::string::npos);
  must_run({"sh", "-c",
            fmt::format(
                "psql -q -d '{0}' -c 'DROP SCHEMA production, working CASCADE' && pg_restore --exit-on-error "
                "--single-transaction -d '{0}' {1}",
                registry.uri("registry"), dump)},
           {.extra_environment = {{"PGPASSFILE", (registry.directory() / "passfile").native()}}});
  CHECK(registry.registry() == kBefore);

  must(registry, {"rehearse", "--from", registry.uri("registry"), "--into", "alt_db", "--drop", "--yes"},
       "Dropped database \"alt_db\"");
  CHECK(registry.databases() == "registry");
}

TEST_CASE("an application that was killed anywhere is taken up, and no script is applied twice") {
  const Registry registry(17);
  const std::string flag = (registry.directory() / "killed").native();
  const std::string migrate = registry.script("migrate.sql", kMigrate);
  const std::string provenance = registry.script("provenance.sql", kProvenance);
  const std::string index = registry.script(
      "index.sql",
      "-- pgupgrade: no transaction\nCREATE INDEX CONCURRENTLY later ON production.dataset (size);\n");
  const Words scripts = {migrate, provenance, index};
  const auto killed_at = [&](const std::string& place, const Words& more) {
    const ProcessResult killed =
        registry.run(registry.command(scripts, more), {{"PGUPGRADE_KILL_AT", place}});
    INFO(place << ": " << output_of(killed));
    CHECK(killed.signal_number == SIGKILL);
  };
  killed_at("alternate:created", {});
  killed_at("copy-1:definitions", {});
  must(registry, registry.command(scripts), "all passed");
  CHECK(registry.databases() ==
        "alt_db pgupgrade: alternate copy of database registry (" +
            fs::path(registry.dump().empty()
                         ? fs::directory_iterator(registry.directory() / ".pgupgrade")->path()
                         : fs::path(registry.dump()).parent_path())
                .filename()
                .native() +
            "), registry");
  killed_at("alternate:dumped", {"--apply"});
  killed_at("alternate:script", {"--apply"});
  CHECK(registry.registry() == kBefore);
  killed_at("alternate:ran", {"--apply"});
  // Committed, and nobody has recorded it.
  CHECK(registry.registry() == "1.0 id,name,size,price,owner 3000");
  killed_at("alternate:applied", {"--apply"});
  must(registry, registry.command(scripts, {"--apply", "--drop"}), "Dropped database \"alt_db\"");
  CHECK(registry.registry() == kAfter);
  CHECK(registry.server().sql(
            "registry", "SELECT indisvalid FROM pg_index WHERE indexrelid = 'production.later'::regclass") ==
        "t");
  CHECK(registry.databases() == "registry");
}

TEST_CASE("a script that goes on after its run was killed is ended, and then applied once") {
  const Registry registry(15);
  const std::string flag = (registry.directory() / "flag").native();
  // The first time that there is a flag, psql kills its parent, and goes on by itself: it has nothing to say,
  // so that no broken pipe ends it.
  const std::string migrate = registry.script(
      "migrate.sql", std::string(kProvenance) +
                         fmt::format("\\! if [ -e {0} ]; then rm {0}; kill -9 $(awk '/^PPid/ {{ print $2 }}' "
                                     "/proc/$PPID/status); fi\nDO $$ BEGIN PERFORM pg_sleep(4); END $$;\n",
                                     flag));
  must(registry, registry.command({migrate}), "all passed");
  registry.script("flag", "");
  const ProcessResult killed = registry.run(registry.command({migrate}, {"--apply"}));
  INFO(output_of(killed));
  REQUIRE(killed.signal_number == SIGKILL);
  must(registry, registry.command({migrate}, {"--apply"}), "Applied 1 script to database registry");
  CHECK(registry.registry() == "1.0,2.0 id,name,size,price 3000");
}

TEST_CASE("what speaks against a rehearsal within a server is told and nothing is touched") {
  const Registry registry(15);
  const std::string script = registry.script("a.sql", "SELECT 1;\n");
  const std::string before = registry.databases();
  const auto refused = [&](Words words, int exit_code, const std::string& code, const std::string& says,
                           const std::vector<std::pair<std::string, std::string>>& instead = {}) {
    for (const auto& [option, value] : instead) *(std::find(words.begin(), words.end(), option) + 1) = value;
    const ProcessResult result = registry.run(words);
    INFO(join(words, " ") << ": " << output_of(result));
    CHECK(result.exit_code == exit_code);
    CHECK_THAT(result.standard_error, ContainsSubstring("error[" + code + "]"));
    CHECK_THAT(result.standard_error, ContainsSubstring(says));
    CHECK(registry.databases() == before);
    CHECK(registry.registry() == kBefore);
    CHECK_FALSE(fs::exists(registry.directory() / ".pgupgrade"));
  };
  const Words good = registry.command({script});
  refused(good, 2, "E-UNKNOWN-SCHEMA", "could not find schema \"nowhere\" in database \"registry\"",
          {{"--schema", "nowhere"}});
  refused(good, 3, "E-PASSWORD-MISSING", "nowhere", {{"--from", registry.uri("nowhere")}});
  refused(good, 2, "E-NO-FILE", "missing.sql", {{"--run", "missing.sql"}});
  refused(good, 2, "E-CONNECTION", "", {{"--from", "postgres://app:s3cret@localhost/registry"}});
  refused(good, 3, "E-SAME-DATABASE", "registry", {{"--into", "registry"}});
  refused(good, 3, "E-NO-READ", "other.secret", {{"--schema", "other"}});
  refused(registry.command({registry.script("leads.sql", "\\c registry\n")}), 2, "E-USAGE", "line 1 (\\c)");
  Words alone = good;
  alone.erase(std::find(alone.begin(), alone.end(), "production"));
  refused(alone, 3, "E-OUTSIDE-SCHEMAS", "table production.dataset");
  refused(registry.command({script}, {"--apply"}), 3, "E-NOT-REHEARSED", "no script has passed");
  registry.server().sql("postgres", "ALTER ROLE app NOCREATEDB");
  refused(good, 3, "E-NO-CREATE", "may not create databases");
  registry.passwords("localhost:*:*:app:app\\:s3\\\\cret\n");
  refused(good, 2, "E-UNKNOWN-DATABASE", "nowhere", {{"--from", registry.uri("nowhere")}});
  registry.passwords("localhost:*:*:app:wrong\n");
  refused(good, 3, "E-AUTH", "");
}

TEST_CASE("an alternate database that was there is filled with the schemas, and keeps all else") {
  const Registry registry(15);
  const NetworkServer& server = registry.server();
  server.sql("postgres", "CREATE DATABASE alt_db");
  server.sql("alt_db", "CREATE SCHEMA production; CREATE TABLE public.mine (a int)");
  server.sql("postgres", "ALTER ROLE app NOCREATEDB");
  const Words command = registry.command({registry.script("a.sql", kProvenance)});
  const auto refused = [&](const std::string& says) {
    const ProcessResult result = registry.run(command);
    INFO(output_of(result));
    CHECK(result.exit_code == 3);
    CHECK_THAT(result.standard_error, ContainsSubstring(says));
  };
  refused("it is not empty (schema \"production\")");
  server.sql("alt_db", "DROP SCHEMA production");
  refused("role \"app\" has no CREATE right on it");
  server.sql("postgres", "GRANT CREATE ON DATABASE alt_db TO app");
  refused("they need extension \"pg_trgm\", which database \"alt_db\" lacks");
  server.sql("alt_db", "CREATE EXTENSION pg_trgm");
  must(registry, command, "all passed");
  must(registry, command, "all passed");  // the copy is made anew

  auto holder = std::async(std::launch::async, [&] { hold_lock(server); });
  wait_until("the lock", [&] { return server.sql("registry", kLocks) == "1"; });
  const ProcessResult second = registry.run(command);
  INFO(output_of(second));
  CHECK(second.exit_code == 7);
  CHECK_THAT(second.standard_error, ContainsSubstring("error[E-LOCKED]"));
  server.sql("registry", "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
  holder.get();
  CHECK(server.sql("alt_db", "SELECT string_agg(version, ',') FROM production.provenance") == "1.0,2.0");
  const Words drop = {"rehearse", "--from", registry.uri("registry"), "--into", "alt_db", "--drop", "--yes"};
  must(registry, drop, "Dropped schema \"working\" of database \"alt_db\"");
  CHECK(server.sql("alt_db",
                   "SELECT count(*) FROM pg_namespace WHERE nspname IN ('production', 'working')") == "0");
  CHECK(server.sql("alt_db", "SELECT count(*) FROM public.mine") == "0");
  const ProcessResult again = registry.run(drop);
  CHECK(again.exit_code == 3);
  CHECK_THAT(again.standard_error, ContainsSubstring("error[E-NOT-OURS]"));
}

}  // namespace pgupgrade::test
