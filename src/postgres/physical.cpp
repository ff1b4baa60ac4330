#include "pgupgrade/postgres/physical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

// A value of a connection string.
std::string quoted_value(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string field(const std::string& output, const std::string& name) {
  for (const std::string& line : split_lines(output))
    if (line.starts_with(name + ":")) return std::string(trim(line.substr(name.size() + 1)));
  return {};
}

// pg_upgrade hands the options to pg_ctl, and that to a shell. Names of libraries are in double quotes where
// they need some, and have neither quotes nor backslashes themselves on any sound server.
std::string server_options(const PhysicalUpgrade& upgrade) {
  std::string options = "-c max_locks_per_transaction=1024 -c jit=off -c autovacuum=off";
  std::string libraries;
  for (const std::string& library : upgrade.preload_libraries) {
    std::string name = library;
    std::erase_if(name, [](char c) { return c == '\'' || c == '"' || c == '\\' || c == '$' || c == '`'; });
    libraries += (libraries.empty() ? "" : ",") + name;
  }
  if (!libraries.empty()) options += fmt::format(" -c shared_preload_libraries='{}'", libraries);
  return options;
}

std::vector<std::string> upgrade_program(const PhysicalUpgrade& upgrade) {
  return {"pg_upgrade",
          "--old-bindir=" + upgrade.old_programs,
          "--old-datadir=" + upgrade.old_data,
          "--new-datadir=" + upgrade.new_data,
          "--username=" + upgrade.superuser,
          "--socketdir=" + upgrade.sockets,
          "--old-options=" + server_options(upgrade),
          "--new-options=" + server_options(upgrade)};
}

std::int64_t leading_number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Primary primary_of(const Inventory& inventory) {
  Primary primary{.superuser = inventory.superuser};
  for (const SettingFacts& setting : inventory.settings)
    if (lower(setting.name) == "port")
      std::from_chars(setting.value.data(), setting.value.data() + setting.value.size(), primary.port);
  return primary;
}

std::string primary_conninfo(const Primary& primary) {
  return fmt::format(
      "host=127.0.0.1 port={} user={} sslmode=disable gssencmode=disable application_name=pgupgrade",
      primary.port, quoted_value(primary.superuser));
}

std::vector<std::string> base_backup(const Primary& primary, const std::string& directory) {
  return {"pg_basebackup",
          "--no-password",
          "--dbname=" + primary_conninfo(primary),
          "--pgdata=" + directory,
          "--wal-method=stream",
          "--checkpoint=fast",
          "--progress"};
}

std::vector<std::string> replication_command(const Primary& primary, const std::string& command) {
  return {"psql",
          "--no-psqlrc",
          "--no-password",
          "--quiet",
          "--dbname=" + primary_conninfo(primary) + " replication=true dbname=replication",
          "--command=" + command};
}

std::vector<SettingFacts> standby_settings(const Primary& primary, int major) {
  std::vector<SettingFacts> settings;
  const auto set = [&](const std::string& name, const std::string& value) {
    settings.push_back({.name = name, .value = value, .origin = SettingFacts::Origin::command_line});
  };
  set("primary_conninfo", primary_conninfo(primary));
  set("primary_slot_name", "");
  set("wal_receiver_create_temp_slot", "on");
  set("hot_standby", "on");
  set("hot_standby_feedback", "off");
  set("restore_command", "");
  set("archive_cleanup_command", "");
  set("recovery_end_command", "");
  set("recovery_min_apply_delay", "0");
  set("recovery_target", "");
  set("recovery_target_timeline", "latest");
  for (const char* name : {"lsn", "name", "time", "xid"}) set(fmt::format("recovery_target_{}", name), "");
  if (major < 16) set("promote_trigger_file", "");
  return settings;
}

std::vector<std::string> check_upgrade(const PhysicalUpgrade& upgrade) {
  auto argv = upgrade_program(upgrade);
  argv.push_back("--check");
  return argv;
}

std::vector<std::string> link_upgrade(const PhysicalUpgrade& upgrade) {
  auto argv = upgrade_program(upgrade);
  argv.insert(argv.end(), {"--link", fmt::format("--jobs={}", std::max(upgrade.jobs, 1))});
  if (upgrade.new_major >= 17) argv.push_back("--sync-method=syncfs");
  return argv;
}

std::string checkpoint_location(const std::string& control_data_output) {
  return field(control_data_output, "Latest checkpoint location");
}

std::string system_identifier(const std::string& control_data_output) {
  return field(control_data_output, "Database system identifier");
}

// "  124/41024 kB (0%), 0/1 tablespace", each over the last by a carriage return.
CopyProgress copy_progress(const std::string& output) {
  const std::size_t unit = output.rfind(" kB (");
  if (unit == std::string::npos) return {};
  const std::size_t line = output.find_last_of("\r\n", unit);
  std::string_view text(output);
  text = trim(text.substr(line == std::string::npos ? 0 : line + 1,
                          unit - (line == std::string::npos ? 0 : line + 1)));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  constexpr std::int64_t kKilobyte = 1024;
  return {.done_bytes = leading_number(text.substr(0, slash)) * kKilobyte,
          .total_bytes = leading_number(text.substr(slash + 1)) * kKilobyte};
}

}  // namespace pgupgrade::postgres
