#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

Diagnostic error(std::string code, std::string message, std::string hint) {
  return {.severity = Severity::error,
          .code = std::move(code),
          .message = std::move(message),
          .hint = std::move(hint)};
}

// A default that changed, and that an application can feel.
struct ChangedDefault {
  int major;
  std::string_view setting;
  std::string_view old_default;
  std::string_view new_default;
  std::string_view effect;
};

constexpr std::array<ChangedDefault, 2> kChangedDefaults = {{
    {12, "jit", "off", "on", "costly queries are compiled; set it to off if they become slower"},
    {14, "password_encryption", "md5", "scram-sha-256", "clients of before 2018 cannot use new passwords"},
}};

}  // namespace

Diagnostics check_tablespaces(const Subject& subject) {
  if (subject.inventory.tablespaces.empty()) return {};
  return {error("E-TABLESPACES",
                fmt::format("{} has tablespaces outside of its data directory: {}",
                            service_name(subject.service), quoted_list(subject.inventory.tablespaces)),
                "move their objects to pg_default and drop the tablespaces")};
}

Diagnostics check_wal_place(const Subject& subject) {
  if (!subject.inventory.wal_outside_data) return {};
  return {error("E-WAL-OUTSIDE",
                fmt::format("{} keeps its WAL outside of the data directory: pg_wal is a symbolic link",
                            service_name(subject.service)),
                "stop the server, move the directory that pg_wal leads to back to its place, and leave out "
                "POSTGRES_INITDB_WALDIR")};
}

Diagnostics check_postgres_database(const Subject& subject) {
  const auto& databases = subject.inventory.databases;
  if (std::any_of(databases.begin(), databases.end(),
                  [](const DatabaseFacts& database) { return database.name == "postgres"; }))
    return {};
  return {error("E-NO-POSTGRES-DATABASE",
                fmt::format("{} has no database \"postgres\", which PostgreSQL's own programs connect to",
                            service_name(subject.service)),
                "create it: CREATE DATABASE postgres; it may be dropped again after the upgrade")};
}

Diagnostics check_recovery(const Subject& subject) {
  if (!subject.inventory.in_recovery) return {};
  return {error("E-STANDBY",
                fmt::format("{} is a standby: it follows another server", service_name(subject.service)),
                "upgrade its primary, and recreate the standby from that")};
}

Diagnostics check_replication(const Subject& subject) {
  const Inventory& inventory = subject.inventory;
  std::vector<std::string> found;
  if (!inventory.replication_slots.empty()) {
    found.push_back("replication slots " + quoted_list(inventory.replication_slots));
  }
  if (!inventory.standbys.empty()) {
    found.push_back("connected standbys " + quoted_list(inventory.standbys));
  }
  if (found.empty()) return {};
  return {error("E-REPLICATION",
                fmt::format("{} has {}, which the new cluster will not have", service_name(subject.service),
                            join(found, " and ")),
                "drop the slots and stop the standbys, and recreate them after the upgrade")};
}

Diagnostics check_replication_origins(const Subject& subject) {
  const auto& origins = subject.inventory.replication_origins;
  if (origins.empty()) return {};
  std::vector<std::string> drops;
  for (const std::string& origin : origins)
    drops.push_back(fmt::format("SELECT pg_replication_origin_drop({})", sql_literal(origin)));
  return {error("E-REPLICATION",
                fmt::format("{} has replication origins, which the new cluster will not have: {}",
                            service_name(subject.service), quoted_list(origins)),
                "drop them, and recreate them after the upgrade: " + statements(drops))};
}

Diagnostics check_subscriptions(const Subject& subject) {
  if (subject.inventory.subscriptions.empty()) return {};
  return {error("E-SUBSCRIPTIONS",
                fmt::format("{} has subscriptions, which are restored disabled: {}",
                            service_name(subject.service), quoted_list(subject.inventory.subscriptions)),
                "drop them, and recreate them after the upgrade")};
}

// pg_dumpall passes such databases over without a word.
Diagnostics check_closed_databases(const Subject& subject) {
  std::vector<std::string> closed;
  for (const DatabaseFacts& database : subject.inventory.databases)
    if (!database.allow_connections && !database.invalid) closed.push_back(database.name);
  if (closed.empty()) return {};
  return {error("E-DATABASE-CLOSED",
                fmt::format("{} has databases that nobody can connect to, so that they cannot be dumped: {}",
                            service_name(subject.service), quoted_list(closed)),
                "ALTER DATABASE … ALLOW_CONNECTIONS true, or drop them")};
}

Diagnostics check_invalid_databases(const Subject& subject) {
  std::vector<std::string> invalid;
  std::vector<std::string> drops;
  for (const DatabaseFacts& database : subject.inventory.databases) {
    if (database.allow_connections || !database.invalid) continue;
    invalid.push_back(database.name);
    drops.push_back("DROP DATABASE " + sql_identifier(database.name));
  }
  if (invalid.empty()) return {};
  return {error("E-DATABASE-CLOSED",
                fmt::format("{} has invalid databases, which an interrupted DROP DATABASE has left and which "
                            "cannot be dumped: {}",
                            service_name(subject.service), quoted_list(invalid)),
                statements(drops))};
}

// What an extension's own script refuses to do in a server that has not loaded its library. Its background
// workers must not run while the cluster is restored, so it is not loaded there.
Diagnostics check_preloaded_extensions(const Subject& subject) {
  constexpr std::array<std::string_view, 8> kPreloaded = {"citus",   "pg_cron",   "pg_net", "pg_search",
                                                          "pgaudit", "pglogical", "vchord", "timescaledb"};
  std::vector<std::string> found;
  for (const DatabaseFacts& database : subject.inventory.databases)
    for (const ExtensionFacts& extension : database.extensions)
      if (std::find(kPreloaded.begin(), kPreloaded.end(), extension.name) != kPreloaded.end())
        found.push_back(fmt::format("{} in {}", extension.name, quoted(database.name)));
  if (found.empty()) return {};
  return {error(
      "E-PRELOAD",
      fmt::format("{} has extensions that can be created only while shared_preload_libraries loads them, "
                  "which a restore does not: {}",
                  service_name(subject.service), plain_list(found)),
      "drop them and recreate them after the upgrade, or follow the extension's own guide")};
}

Diagnostics check_prepared_transactions(const Subject& subject) {
  if (subject.inventory.prepared_transactions.empty()) return {};
  return {
      error("E-PREPARED",
            fmt::format("{} has prepared transactions, which a dump leaves out: {}",
                        service_name(subject.service), quoted_list(subject.inventory.prepared_transactions)),
            "end each with COMMIT PREPARED or ROLLBACK PREPARED")};
}

// A line end would be shown as a question mark, and that is what the name is refused for.
std::string with_escaped_line_ends(const std::string& name) {
  std::string result;
  for (const char letter : name) {
    if (letter == '\n')
      result += "\\n";
    else if (letter == '\r')
      result += "\\r";
    else
      result += letter;
  }
  return result;
}

// The engine takes the command lines of programs as JSON, which has no bytes of no encoding.
Diagnostics check_name_bytes(const Subject& subject) {
  std::vector<std::string> found;
  for (const DatabaseFacts& database : subject.inventory.databases)
    if (!is_utf8(database.name)) found.push_back(quoted(database.name));
  if (found.empty()) return {};
  return {error(
      "E-NAME-BYTES",
      fmt::format("{} has databases whose names are not valid UTF-8, so no program can be told to connect "
                  "to them: {}",
                  service_name(subject.service), plain_list(found)),
      "rename them with ALTER DATABASE")};
}

// PostgreSQL's own programs refuse such names, since a connection string or a script cannot carry them.
Diagnostics check_names(const Subject& subject) {
  std::vector<std::string> found;
  const auto look_at = [&](const std::string& kind, const std::string& name) {
    if (name.find_first_of("\r\n") != std::string::npos)
      found.push_back(kind + " " + quoted(with_escaped_line_ends(name)));
  };
  for (const DatabaseFacts& database : subject.inventory.databases) look_at("database", database.name);
  for (const RoleFacts& role : subject.inventory.roles) look_at("role", role.name);
  if (found.empty()) return {};
  return {error("E-NAME-LINE-FEED",
                fmt::format("{} has names with a line end in them, which pg_dumpall refuses: {}",
                            service_name(subject.service), plain_list(found)),
                "rename them with ALTER DATABASE or ALTER ROLE")};
}

// CREATE EXTENSION plpgsql, which initdb runs, refuses such an owner; a role gets such a name by ALTER ROLE
// only.
Diagnostics check_superuser_name(const Subject& subject) {
  const std::string& name = subject.inventory.superuser;
  // From 17 on also what could end a comment in the script of an extension, whose owner it will be.
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  const bool comments = subject.request.target_major >= 17 && (has("--") || has("/*") || has("*/"));
  if (name.find_first_of("\"$'\\") == std::string::npos && !comments) return {};
  return {error(
      "E-SUPERUSER-NAME",
      fmt::format("the superuser of {} is named {}, which initdb refuses", service_name(subject.service),
                  quoted(name)),
      "rename it with ALTER ROLE, as another superuser, to a name without \", $, ', \\, --, /* and */")};
}

Diagnostics check_checksums(const Subject& subject) {
  if (subject.inventory.checksums || subject.request.target_major < 18) return {};
  return {{.severity = Severity::note,
           .code = "N-NO-CHECKSUMS",
           .message = fmt::format("{} has no data checksums and stays without, though PostgreSQL {} has them "
                                  "by default",
                                  service_name(subject.service), subject.request.target_major),
           .hint = "\"pg_checksums --enable\" adds them to a stopped cluster after the upgrade"}};
}

Diagnostics check_changed_defaults(const Subject& subject) {
  Diagnostics result;
  for (const ChangedDefault& change : kChangedDefaults) {
    const bool crossed =
        subject.inventory.major() < change.major && change.major <= subject.request.target_major;
    const auto& settings = subject.inventory.settings;
    const bool is_set = std::any_of(settings.begin(), settings.end(), [&](const SettingFacts& setting) {
      return setting.name == change.setting;
    });
    if (!crossed || is_set) continue;
    result.push_back(
        {.severity = Severity::note,
         .code = "N-SETTING-DEFAULT",
         .message = fmt::format("the default of {} changes from {} to {} for {}", change.setting,
                                change.old_default, change.new_default, service_name(subject.service)),
         .hint = std::string(change.effect)});
  }
  return result;
}

}  // namespace pgupgrade::planning
