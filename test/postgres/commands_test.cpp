#include "pgupgrade/postgres/commands.hpp"

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

using Argv = std::vector<std::string>;

const Connection kTo{.socket = "/run/pgupgrade", .superuser = "boss"};

Inventory cluster(const DatabaseFacts& database) {
  Inventory inventory;
  inventory.superuser = "boss";
  inventory.wal_segment_bytes = 16 << 20;
  inventory.databases = {{.name = "shop", .encoding = "LATIN1", .collate = "de_DE", .ctype = "de_DE"},
                         database};
  return inventory;
}

const DatabaseFacts kLibc{.name = "template1", .encoding = "UTF8", .collate = "en_US.utf8", .ctype = "C"};

}  // namespace

TEST_CASE("roles are dumped with all names quoted") {
  REQUIRE(dump_globals(kTo, "/dump/globals.sql") ==
          Argv{"pg_dumpall", "--globals-only", "--quote-all-identifiers", "--encoding=SQL_ASCII",
               "--host=/run/pgupgrade", "--port=5432", "--username=boss", "--no-password",
               "--file=/dump/globals.sql"});
}

TEST_CASE("a database is dumped into a directory by its quoted name") {
  REQUIRE(dump_database(kTo, {.name = "we'ird = \\x", .encoding = "LATIN1"}, 17, "/dump/1", 4) ==
          Argv{"pg_dump", "--format=directory", "--jobs=4", "--compress=1", "--quote-all-identifiers",
               "--host=/run/pgupgrade", "--port=5432", "--username=boss", "--no-password",
               "--dbname=dbname='we\\'ird = \\\\x'", "--encoding=LATIN1", "--file=/dump/1",
               "--sync-method=syncfs"});
  REQUIRE(dump_database(kTo, {.name = "shop"}, 16, "/dump/1", 4).back() == "--file=/dump/1");
  REQUIRE(list_dump("/dump/1") == Argv{"pg_restore", "--list", "/dump/1"});
}

TEST_CASE("a database is restored by creating it and stops at the first error") {
  REQUIRE(restore_database(kTo, "shop", "/dump/1", 0) ==
          std::vector<Argv>{
              {"pg_restore", "--exit-on-error", "--section=pre-data", "--create", "--host=/run/pgupgrade",
               "--port=5432", "--username=boss", "--no-password", "--dbname=dbname='postgres'", "/dump/1"},
              {"pg_restore", "--exit-on-error", "--section=data", "--jobs=1", "--host=/run/pgupgrade",
               "--port=5432", "--username=boss", "--no-password", "--dbname=dbname='shop'", "/dump/1"},
              {"pg_restore", "--exit-on-error", "--section=post-data", "--jobs=1", "--host=/run/pgupgrade",
               "--port=5432", "--username=boss", "--no-password", "--dbname=dbname='shop'", "/dump/1"}});
}

TEST_CASE("tables whose columns have marks are made by a script without them") {
  const auto commands = restore_database(kTo, "shop", "/dump/1", 2, "", ColumnMarks::dumped);
  REQUIRE(commands.size() == 3);
  REQUIRE(commands.at(0).size() == 3);
  REQUIRE(
      commands.at(0).at(2) ==
      "set -e; script=$(mktemp); trap 'rm -f \"$script\" \"$script.unmarked\"' EXIT; pg_restore "
      "--section=pre-data --create --file=\"$script\" /dump/1; sed -e '/^ALTER .* ALTER COLUMN .* SET "
      "(pg_attver=[^,)]*);$/d' -e '/^ALTER .* ALTER COLUMN .* SET (.*pg_attver=/{s/, pg_attver=[^,)]*//;"
      "s/(pg_attver=[^,)]*, /(/;}' \"$script\" >\"$script.unmarked\"; psql --no-psqlrc --quiet --echo-errors "
      "--set=ON_ERROR_STOP=1 --host=/run/pgupgrade --port=5432 --username=boss --no-password " +
          shell_word("--dbname=dbname='postgres'") + " --file=\"$script.unmarked\"");
  REQUIRE(commands.at(1).at(0) == "pg_restore");
}

TEST_CASE("the marks of columns are taken out of a script, and nothing else is") {
  const test::TemporaryDirectory directory;
  directory.write("script",
                  "ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=7);\n"
                  "ALTER TABLE ONLY public.t ALTER COLUMN b SET (n_distinct=5, pg_attver=7);\n"
                  "ALTER TABLE ONLY public.t ALTER COLUMN c SET (pg_attver=7, n_distinct=5);\n"
                  "SELECT 'x (pg_attver=7);';\n SET (pg_attver=7);\n");
  Argv filter = without_column_marks();
  filter.push_back((directory / "script").native());
  REQUIRE(run_process(filter).standard_output ==
          "ALTER TABLE ONLY public.t ALTER COLUMN b SET (n_distinct=5);\n"
          "ALTER TABLE ONLY public.t ALTER COLUMN c SET (n_distinct=5);\n"
          "SELECT 'x (pg_attver=7);';\n SET (pg_attver=7);\n");
}

TEST_CASE("postgres and template1 are replaced while connected to the other") {
  REQUIRE(restore_database(kTo, "postgres", "/dump/1", 2).at(0) ==
          Argv{"pg_restore", "--exit-on-error", "--section=pre-data", "--create", "--clean", "--if-exists",
               "--host=/run/pgupgrade", "--port=5432", "--username=boss", "--no-password",
               "--dbname=dbname='template1'", "/dump/1"});
  REQUIRE(restore_database(kTo, "template1", "/dump/2", 2).at(0).at(10) == "--dbname=dbname='postgres'");
}

TEST_CASE("materialized views are restored after all else and by themselves") {
  const auto commands = restore_database(kTo, "shop", "/dump/1", 2, "/dump/1.post-data.list");
  REQUIRE(commands.at(1).at(8) == "--dbname=dbname='shop'");
  REQUIRE(commands.at(1).size() == 10);
  REQUIRE(commands.at(2).at(9) == "--use-list=/dump/1.post-data.list");
  REQUIRE(refresh_views(kTo, "shop", "/dump/1", 2, "/dump/1.views.list") ==
          Argv{"pg_restore", "--exit-on-error", "--section=post-data", "--jobs=2", "--host=/run/pgupgrade",
               "--port=5432", "--username=boss", "--no-password", "--dbname=dbname='shop'",
               "--use-list=/dump/1.views.list", "/dump/1"});
}

TEST_CASE("psql reads no startup file and stops at the first error") {
  REQUIRE(run_sql_file(kTo, "template1", "/dump/globals.sql") ==
          Argv{"psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=/run/pgupgrade",
               "--port=5432", "--username=boss", "--no-password", "--dbname=dbname='template1'",
               "--file=/dump/globals.sql"});
}

TEST_CASE("all databases are analyzed in parallel") {
  REQUIRE(analyze_all(kTo, 3) == Argv{"vacuumdb", "--all", "--analyze-only", "--jobs=3",
                                      "--host=/run/pgupgrade", "--port=5432", "--username=boss",
                                      "--no-password"});
}

TEST_CASE("some tables of a database are analyzed by their quoted names") {
  REQUIRE(analyze_database(kTo, "shop", 2, {"public.\"a b\"", "public.c"}) ==
          Argv{"vacuumdb", "--analyze-only", "--jobs=2", "--host=/run/pgupgrade", "--port=5432",
               "--username=boss", "--no-password", "--dbname=dbname='shop'", "--table=public.\"a b\"",
               "--table=public.c"});
}

TEST_CASE("initdb takes the locale of template1") {
  REQUIRE(initdb(cluster(kLibc), 14, "/data") ==
          Argv{"initdb", "--pgdata=/data", "--username=boss", "--auth-local=trust",
               "--auth-host=scram-sha-256", "--no-sync", "--encoding=UTF8", "--lc-collate=en_US.utf8",
               "--lc-ctype=C", "--wal-segsize=16"});
}

TEST_CASE("initdb names the locale provider from 15 on") {
  REQUIRE(initdb(cluster(kLibc), 17, "/data").at(9) == "--locale-provider=libc");
  DatabaseFacts icu = kLibc;
  icu.locale_provider = 'i';
  icu.icu_locale = "de-u-co-phonebk";
  icu.icu_rules = "&a < b";
  REQUIRE(initdb(cluster(icu), 17, "/data") ==
          Argv{"initdb", "--pgdata=/data", "--username=boss", "--auth-local=trust",
               "--auth-host=scram-sha-256", "--no-sync", "--encoding=UTF8", "--lc-collate=en_US.utf8",
               "--lc-ctype=C", "--locale-provider=icu", "--icu-locale=de-u-co-phonebk", "--icu-rules=&a < b",
               "--wal-segsize=16"});
  DatabaseFacts builtin = kLibc;
  builtin.locale_provider = 'b';
  builtin.icu_locale = "C.UTF-8";
  const Argv argv = initdb(cluster(builtin), 18, "/data");
  REQUIRE(argv.at(9) == "--locale-provider=builtin");
  REQUIRE(argv.at(10) == "--builtin-locale=C.UTF-8");
}

TEST_CASE("initdb keeps checksums as they were") {
  Inventory old = cluster(kLibc);
  REQUIRE(initdb(old, 17, "/data").back() == "--wal-segsize=16");
  REQUIRE(initdb(old, 18, "/data").back() == "--no-data-checksums");
  old.checksums = true;
  REQUIRE(initdb(old, 17, "/data").back() == "--data-checksums");
  REQUIRE(initdb(old, 18, "/data").back() == "--data-checksums");
}

TEST_CASE("initdb keeps the size of WAL segments") {
  Inventory old = cluster(kLibc);
  old.wal_segment_bytes = 64 << 20;
  REQUIRE(initdb(old, 17, "/data").back() == "--wal-segsize=64");
  REQUIRE(initdb_sync_only(16, "/data") == Argv{"initdb", "--sync-only", "--pgdata=/data"});
  REQUIRE(initdb_sync_only(17, "/data").back() == "--sync-method=syncfs");
}

TEST_CASE("a server of ours listens on its socket alone whatever the settings say") {
  const std::vector<SettingFacts> settings = {
      {.name = "listen_addresses", .value = "*", .origin = SettingFacts::Origin::command_line, .file = ""}};
  const Argv isolation = {"-c", "hba_file=/run/hba",
                          "-c", "listen_addresses=",
                          "-c", "port=5432",
                          "-c", "unix_socket_directories=/run/pgupgrade",
                          "-c", "unix_socket_permissions=0777",
                          "-c", "ssl=off",
                          "-c", "archive_mode=off",
                          "-c", "synchronous_standby_names=",
                          "-c", "max_logical_replication_workers=0",
                          "-c", "cron.launch_active_jobs=off",
                          "-c", "logging_collector=off",
                          "-c", "log_destination=stderr",
                          "-c", "lc_messages=C",
                          "-c", "log_statement=none",
                          "-c", "log_min_error_statement=panic",
                          "-c", "log_min_duration_statement=-1",
                          "-c", "external_pid_file="};
  Argv expected = {"postgres", "-D", "/data", "-c", "listen_addresses=*", "-c", "config_file=/etc/pg.conf"};
  expected.insert(expected.end(), isolation.begin(), isolation.end());
  REQUIRE(server("/data", "/etc/pg.conf", "/run/pgupgrade", "/run/hba", settings) == expected);

  Argv with_own_file = {"postgres", "-D", "/data"};
  with_own_file.insert(with_own_file.end(), isolation.begin(), isolation.end());
  REQUIRE(server("/data", "", "/run/pgupgrade", "/run/hba", {}) == with_own_file);
}

TEST_CASE("memory for a restore follows the engine's within bounds") {
  const auto value = [](std::int64_t memory, const std::string& name) {
    for (const SettingFacts& setting : restore_settings(memory)) {
      if (setting.name == name) return setting.value;
    }
    return std::string("absent");
  };
  REQUIRE(value(0, "shared_buffers") == "128MB");
  REQUIRE(value(0, "maintenance_work_mem") == "64MB");
  REQUIRE(value(2LL << 30, "shared_buffers") == "512MB");
  REQUIRE(value(2LL << 30, "maintenance_work_mem") == "256MB");
  REQUIRE(value(64LL << 30, "shared_buffers") == "1024MB");
  REQUIRE(value(64LL << 30, "maintenance_work_mem") == "1024MB");
  REQUIRE(value(0, "wal_level") == "minimal");
  REQUIRE(value(0, "max_wal_senders") == "0");
}
