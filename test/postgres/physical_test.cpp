#include "pgupgrade/postgres/physical.hpp"

#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"

namespace pgupgrade::postgres {
namespace {

Inventory with_port(const std::string& port) {
  Inventory inventory;
  inventory.superuser = "o'brien";
  if (!port.empty()) inventory.settings = {{.name = "Port", .value = port}};
  return inventory;
}

}  // namespace

TEST_CASE("a copy is taken over TCP at the server's own port, without a password") {
  CHECK(primary_conninfo(primary_of(with_port(""))) ==
        "host=127.0.0.1 port=5432 user='o\\'brien' sslmode=disable gssencmode=disable "
        "application_name=pgupgrade");
  CHECK(primary_of(with_port("6543")).port == 6543);
  const auto argv = base_backup(primary_of(with_port("6543")), "/copy");
  CHECK(argv.front() == "pg_basebackup");
  CHECK(std::find(argv.begin(), argv.end(), "--no-password") != argv.end());
  CHECK(std::find(argv.begin(), argv.end(), "--pgdata=/copy") != argv.end());
}

TEST_CASE("pg_upgrade is told both servers' libraries, and nothing of them can leave its quotes") {
  const PhysicalUpgrade upgrade{.old_programs = "/old",
                                .old_data = "/copy",
                                .new_data = "/new",
                                .superuser = "shop",
                                .sockets = "/tmp",
                                .preload_libraries = {"pg_cron", "x'; touch /tmp/y; '"},
                                .jobs = 0};
  const std::string options =
      "-c max_locks_per_transaction=1024 -c jit=off -c autovacuum=off -c "
      "shared_preload_libraries='pg_cron,x; touch "
      "/tmp/y; '";
  const auto check = check_upgrade(upgrade);
  CHECK(check == std::vector<std::string>{"pg_upgrade", "--old-bindir=/old", "--old-datadir=/copy",
                                          "--new-datadir=/new", "--username=shop", "--socketdir=/tmp",
                                          "--old-options=" + options, "--new-options=" + options, "--check"});
  const auto link = link_upgrade(upgrade);
  CHECK(std::vector<std::string>(link.end() - 2, link.end()) ==
        std::vector<std::string>{"--link", "--jobs=1"});
}

TEST_CASE("pg_controldata tells where the last checkpoint is, and whose cluster it is") {
  const std::string output =
      "pg_control version number:            1300\n"
      "Database system identifier:           7714003898637172779\n"
      "Latest checkpoint location:           0/33550F8\n"
      "Latest checkpoint's REDO location:    0/33550F8\n";
  CHECK(checkpoint_location(output) == "0/33550F8");
  CHECK(system_identifier(output) == "7714003898637172779");
  CHECK(checkpoint_location("") == "");
}

TEST_CASE("the last line of pg_basebackup's progress counts") {
  const auto progress = copy_progress(
      "    0/41024 kB (0%), 0/1 tablespace\r  124/41024 kB (0%), 0/1 tablespace\r20512/41024 kB (50%), "
      "0/1 tablespace");
  CHECK(progress.done_bytes == 20512 * 1024);
  CHECK(progress.total_bytes == 41024 * 1024);
  CHECK(copy_progress("pg_basebackup: error: no").total_bytes == 0);
}

TEST_CASE("a standby takes no target and no command from the configuration that it has copied") {
  const auto settings = standby_settings(primary_of(with_port("")), 13);
  const auto value = [&](const std::string& name) {
    for (const SettingFacts& setting : settings)
      if (setting.name == name) return setting.value;
    return std::string("none");
  };
  CHECK(value("wal_receiver_create_temp_slot") == "on");
  CHECK(value("primary_slot_name") == "");
  CHECK(value("restore_command") == "");
  CHECK(value("recovery_target_time") == "");
  CHECK(value("promote_trigger_file") == "");
  for (const SettingFacts& setting : standby_settings(primary_of(with_port("")), 17))
    CHECK(setting.name != "promote_trigger_file");
}

}  // namespace pgupgrade::postgres
