#include "pgupgrade/postgres/commands.hpp"

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/names.hpp"

namespace pgupgrade::postgres {
namespace {

using Argv = std::vector<std::string>;

constexpr std::int64_t kMebibyte = 1 << 20;

// The port is named because PGPORT may be set in a container's environment.
void add_connection(Argv& argv, const Connection& connection) {
  argv.insert(argv.end(), {"--host=" + connection.socket, "--port=5432", "--username=" + connection.superuser,
                           "--no-password"});
}

void add_database(Argv& argv, const std::string& database) {
  argv.push_back("--dbname=" + database_conninfo(database));
}

std::string jobs_option(int jobs) {
  return "--jobs=" + std::to_string(std::max(jobs, 1));
}

void add_setting(Argv& argv, const std::string& name, const std::string& value) {
  argv.insert(argv.end(), {"-c", name + "=" + value});
}

SettingFacts command_line_setting(const std::string& name, const std::string& value) {
  return {.name = name, .value = value, .origin = SettingFacts::Origin::command_line, .file = ""};
}

std::string mebibytes(std::int64_t bytes) {
  return std::to_string(bytes / kMebibyte) + "MB";
}

// The database that tells how the cluster was initialised.
const DatabaseFacts& template_database(const Inventory& old) {
  for (const char* name : {"template1", "postgres"}) {
    for (const DatabaseFacts& database : old.databases) {
      if (database.name == name) return database;
    }
  }
  if (old.databases.empty()) {
    throw Error(ErrorKind::internal, "E-INTERNAL",
                "could not determine the locale of a cluster without databases");
  }
  return old.databases.front();
}

void add_locale(Argv& argv, const DatabaseFacts& database, int new_major) {
  argv.push_back("--encoding=" + database.encoding);
  argv.push_back("--lc-collate=" + database.collate);
  argv.push_back("--lc-ctype=" + database.ctype);
  if (new_major < 15) return;
  switch (database.locale_provider) {
    case 'i':
      argv.push_back("--locale-provider=icu");
      argv.push_back("--icu-locale=" + database.icu_locale);
      if (new_major >= 16 && !database.icu_rules.empty()) argv.push_back("--icu-rules=" + database.icu_rules);
      break;
    case 'b':
      argv.push_back("--locale-provider=builtin");
      argv.push_back("--builtin-locale=" + database.icu_locale);
      break;
    default:
      argv.push_back("--locale-provider=libc");
  }
}

void add_sync_method(Argv& argv, int major) {
  if (major >= 17) argv.push_back("--sync-method=syncfs");
}

}  // namespace

// Names of the old version may be keywords of the new one, so every name is quoted.
std::vector<std::string> dump_globals(const Connection& connection, const std::string& file) {
  // What all databases share is bytes, whatever their encodings; "SQL_ASCII" leaves them as they are.
  Argv argv = {"pg_dumpall", "--globals-only", "--quote-all-identifiers", "--encoding=SQL_ASCII"};
  add_connection(argv, connection);
  argv.push_back("--file=" + file);
  return argv;
}

// gzip at its fastest: every build has it, and a dump then needs no more room than the database itself, which
// uncompressed text of compressed columns would. The files are synced, since the wipe relies on them.
// A database may be set to another encoding than its own for one old client, and characters that it lacks
// would end the dump.
std::vector<std::string> dump_database(const Connection& connection, const DatabaseFacts& database,
                                       int new_major, const std::string& directory, int jobs) {
  Argv argv = {"pg_dump", "--format=directory", jobs_option(jobs), "--compress=1", "--quote-all-identifiers"};
  add_connection(argv, connection);
  add_database(argv, database.name);
  if (!database.encoding.empty()) argv.push_back("--encoding=" + database.encoding);
  argv.push_back("--file=" + directory);
  add_sync_method(argv, new_major);
  return argv;
}

std::vector<std::string> list_dump(const std::string& directory) {
  return {"pg_restore", "--list", directory};
}

std::vector<std::string> without_column_marks() {
  return {"sed", "-e", "/^ALTER .* ALTER COLUMN .* SET (pg_attver=[^,)]*);$/d", "-e",
          "/^ALTER .* ALTER COLUMN .* SET (.*pg_attver=/{s/, pg_attver=[^,)]*//;s/(pg_attver=[^,)]*, /(/;}"};
}

namespace {

std::string words(const Argv& argv) {
  std::vector<std::string> quoted;
  for (const std::string& argument : argv) quoted.push_back(shell_word(argument));
  return join(quoted, " ");
}

// What `restore` would do, by a script that psql runs.
Argv by_script(const Argv& restore, const Argv& connect, const std::string& directory) {
  Argv run = {"psql", "--no-psqlrc", "--quiet", "--echo-errors", "--set=ON_ERROR_STOP=1"};
  run.insert(run.end(), connect.begin(), connect.end());
  return {"sh", "-c",
          "set -e; script=$(mktemp); trap 'rm -f \"$script\" \"$script.unmarked\"' EXIT; " + words(restore) +
              " --file=\"$script\" " + shell_word(directory) + "; " + words(without_column_marks()) +
              " \"$script\" >\"$script.unmarked\"; " + words(run) + " --file=\"$script.unmarked\""};
}

}  // namespace

std::vector<std::vector<std::string>> restore_database(const Connection& connection,
                                                       const std::string& database,
                                                       const std::string& directory, int jobs,
                                                       const std::string& post_data_list, ColumnMarks marks) {
  Argv create = {"pg_restore", "--exit-on-error", "--section=pre-data", "--create"};
  if (database == "postgres" || database == "template1") {
    create.insert(create.end(), {"--clean", "--if-exists"});
  }
  Argv connect;
  add_connection(connect, connection);
  add_database(connect, database == "postgres" ? "template1" : "postgres");
  if (marks == ColumnMarks::dumped) {
    std::erase(create, "--exit-on-error");
    create = by_script(create, connect, directory);
  } else {
    create.insert(create.end(), connect.begin(), connect.end());
    create.push_back(directory);
  }
  std::vector<Argv> commands = {std::move(create)};
  for (const char* section : {"--section=data", "--section=post-data"}) {
    Argv fill = {"pg_restore", "--exit-on-error", section, jobs_option(jobs)};
    add_connection(fill, connection);
    add_database(fill, database);
    if (commands.size() == 2 && !post_data_list.empty()) fill.push_back("--use-list=" + post_data_list);
    fill.push_back(directory);
    commands.push_back(std::move(fill));
  }
  return commands;
}

std::vector<std::string> refresh_views(const Connection& connection, const std::string& database,
                                       const std::string& directory, int jobs, const std::string& list) {
  Argv argv = {"pg_restore", "--exit-on-error", "--section=post-data", jobs_option(jobs)};
  add_connection(argv, connection);
  add_database(argv, database);
  argv.insert(argv.end(), {"--use-list=" + list, directory});
  return argv;
}

std::vector<std::string> run_sql_file(const Connection& connection, const std::string& database,
                                      const std::string& file) {
  Argv argv = {"psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"};
  add_connection(argv, connection);
  add_database(argv, database);
  argv.push_back("--file=" + file);
  return argv;
}

std::vector<std::string> analyze_all(const Connection& connection, int jobs) {
  Argv argv = {"vacuumdb", "--all", "--analyze-only", jobs_option(jobs)};
  add_connection(argv, connection);
  return argv;
}

std::vector<std::string> analyze_database(const Connection& connection, const std::string& database, int jobs,
                                          const std::vector<std::string>& tables) {
  Argv argv = {"vacuumdb", "--analyze-only", jobs_option(jobs)};
  add_connection(argv, connection);
  add_database(argv, database);
  for (const std::string& table : tables) argv.push_back("--table=" + table);
  return argv;
}

std::vector<std::string> initdb(const Inventory& old, int new_major, const std::string& data_directory) {
  // The same authentication as the official image's; pg_hba.conf is carried over later.
  Argv argv = {"initdb",
               "--pgdata=" + data_directory,
               "--username=" + old.superuser,
               "--auth-local=trust",
               "--auth-host=scram-sha-256",
               "--no-sync"};
  add_locale(argv, template_database(old), new_major);
  argv.push_back("--wal-segsize=" +
                 std::to_string(std::max<std::int64_t>(old.wal_segment_bytes / kMebibyte, 1)));
  if (old.checksums) {
    argv.push_back("--data-checksums");
  } else if (new_major >= 18) {
    argv.push_back("--no-data-checksums");
  }
  return argv;
}

std::vector<std::string> initdb_sync_only(int new_major, const std::string& data_directory) {
  Argv argv = {"initdb", "--sync-only", "--pgdata=" + data_directory};
  add_sync_method(argv, new_major);
  return argv;
}

std::vector<std::string> server(const std::string& data_directory, const std::string& config_file,
                                const std::string& socket, const std::string& hba_file,
                                const std::vector<SettingFacts>& settings) {
  // Nothing but us may act or be waited for: no TCP, no archiving, no standbys, no subscriptions, no
  // scheduled jobs. The log goes where the container's log goes. (A setting of an extension that is not
  // loaded is accepted.) Last on the command line wins, and nobody else's may be the last word on these.
  const std::vector<std::pair<std::string, std::string>> isolation = {
      {"hba_file", hba_file},
      {"listen_addresses", ""},
      {"port", "5432"},
      {"unix_socket_directories", socket},
      {"unix_socket_permissions", "0777"},
      {"ssl", "off"},
      {"archive_mode", "off"},
      {"synchronous_standby_names", ""},
      {"max_logical_replication_workers", "0"},
      {"cron.launch_active_jobs", "off"},
      {"logging_collector", "off"},
      {"log_destination", "stderr"},
      {"lc_messages", "C"},  // this program reads the log
      // A statement may have a password in it.
      {"log_statement", "none"},
      {"log_min_error_statement", "panic"},
      {"log_min_duration_statement", "-1"},
      {"external_pid_file", ""}};
  Argv argv = {"postgres", "-D", data_directory};
  for (const SettingFacts& setting : settings) add_setting(argv, setting.name, setting.value);
  if (!config_file.empty()) add_setting(argv, "config_file", config_file);
  for (const auto& [name, value] : isolation) add_setting(argv, name, value);
  return argv;
}

std::vector<SettingFacts> restore_settings(std::int64_t memory_bytes) {
  const std::int64_t memory = std::max(memory_bytes, 512 * kMebibyte);
  const std::int64_t buffers = std::clamp(memory / 4, 128 * kMebibyte, 1024 * kMebibyte);
  const std::int64_t maintenance = std::clamp(memory / 8, 64 * kMebibyte, 1024 * kMebibyte);
  return {
      command_line_setting("fsync", "off"),
      command_line_setting("full_page_writes", "off"),
      command_line_setting("synchronous_commit", "off"),
      command_line_setting("autovacuum", "off"),
      command_line_setting("wal_level", "minimal"),
      command_line_setting("max_wal_senders", "0"),
      command_line_setting("max_wal_size", "4GB"),
      command_line_setting("checkpoint_timeout", "1h"),
      command_line_setting("shared_buffers", mebibytes(buffers)),
      command_line_setting("maintenance_work_mem", mebibytes(maintenance)),
  };
}

}  // namespace pgupgrade::postgres
