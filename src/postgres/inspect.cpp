#include "pgupgrade/postgres/inspect.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/value_settings.hpp"
#include "postgres/ask.hpp"
#include "postgres/inspect_sql.hpp"

namespace pgupgrade::postgres {
namespace {

using boost::json::object;

int read_version_num(SqlReader& reader, const std::string& database) {
  const std::vector<std::string> rows = reader.query(database, version_num_sql());
  int number = 0;
  if (rows.size() == 1) std::from_chars(rows[0].data(), rows[0].data() + rows[0].size(), number);
  if (number < 100000) {
    throw Error(ErrorKind::failed, "E-SQL", "could not determine the server's version from its answer");
  }
  return number;
}

// A list of libraries as the settings have it: separated by commas, each perhaps in double quotes.
void add_libraries(const std::string& list, std::vector<std::string>& libraries) {
  std::string current;
  const auto finish = [&] {
    std::string name{trim(current)};
    name.erase(std::remove(name.begin(), name.end(), '"'), name.end());
    if (!name.empty() && std::find(libraries.begin(), libraries.end(), name) == libraries.end()) {
      libraries.push_back(name);
    }
    current.clear();
  };
  for (const char c : list) {
    if (c == ',') {
      finish();
    } else {
      current += c;
    }
  }
  finish();
}

void read_server(SqlReader& reader, const std::string& database, Inventory& inventory) {
  const object row = ask_one(reader, database, server_sql(), "the server");
  inventory.version = json::get_string(row, "version");
  inventory.data_directory = json::get_string(row, "data_directory");
  inventory.config_file = json::get_string(row, "config_file");
  inventory.hba_file = json::get_string_or(row, "hba_file", "");
  inventory.ident_file = json::get_string_or(row, "ident_file", "");
  inventory.superuser = json::get_string(row, "superuser");
  inventory.checksums = json::get_bool_or(row, "checksums", false);
  inventory.wal_segment_bytes = json::get_int(row, "wal_segment_bytes");
  inventory.password_encryption = json::get_string(row, "password_encryption");
  inventory.in_recovery = json::get_bool_or(row, "in_recovery", false);
  for (const char* setting :
       {"shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"}) {
    add_libraries(json::get_string_or(row, setting, ""), inventory.preload_libraries);
  }
}

void read_contents(SqlReader& reader, DatabaseFacts& facts) {
  const object row =
      ask_one(reader, facts.name, database_contents_sql(), "database \"" + printable(facts.name) + "\"");
  facts.tables = json::get_int(row, "tables");
  facts.estimated_rows = json::get_int(row, "rows");
  facts.large_objects = json::get_int(row, "large_objects");
  const std::vector<std::string> names = json::get_strings(row, "extensions");
  const std::vector<std::string> versions = json::get_strings(row, "versions");
  const std::vector<std::string> schemas = json::get_strings(row, "extension_schemas");
  for (std::size_t i = 0; i < names.size() && i < versions.size(); ++i) {
    facts.extensions.push_back(
        {.name = names[i], .version = versions[i], .schema = i < schemas.size() ? schemas[i] : ""});
  }
  facts.procedural_libraries = json::get_strings(row, "libraries");
}

void read_databases(SqlReader& reader, const std::string& database, Inventory& inventory) {
  for (const object& row : ask(reader, database, databases_sql(inventory.version_num), "the databases")) {
    DatabaseFacts facts;
    facts.name = json::get_string(row, "name");
    facts.size_bytes = json::get_int(row, "size");
    facts.encoding = json::get_string(row, "encoding");
    facts.collate = json::get_string_or(row, "collate", "");
    facts.ctype = json::get_string_or(row, "ctype", "");
    facts.locale_provider = json::get_string(row, "provider").at(0);
    facts.icu_locale = json::get_string_or(row, "locale", "");
    facts.icu_rules = json::get_string_or(row, "rules", "");
    facts.allow_connections = json::get_bool_or(row, "allow", true);
    facts.invalid = json::get_bool_or(row, "invalid", false);
    facts.is_template = json::get_bool_or(row, "template", false);
    if (facts.allow_connections) read_contents(reader, facts);
    inventory.databases.push_back(std::move(facts));
  }
}

VerifierKind verifier_kind(const std::string& word) {
  if (word == "md5") return VerifierKind::md5;
  if (word == "scram") return VerifierKind::scram;
  return word == "none" ? VerifierKind::none : VerifierKind::plain;
}

std::vector<MembershipFacts> memberships(const object& role) {
  std::vector<MembershipFacts> result;
  const std::vector<std::string> with_admin = json::get_strings(role, "admin_of");
  for (const std::string& name : json::get_strings(role, "member_of")) {
    const bool admin = std::find(with_admin.begin(), with_admin.end(), name) != with_admin.end();
    result.push_back({.role = name, .admin = admin});
  }
  return result;
}

void read_roles(SqlReader& reader, const std::string& database, Inventory& inventory) {
  for (const object& row : ask(reader, database, roles_facts_sql(), "the roles")) {
    inventory.roles.push_back({.name = json::get_string(row, "name"),
                               .superuser = json::get_bool_or(row, "superuser", false),
                               .can_login = json::get_bool_or(row, "login", false),
                               .create_role = json::get_bool_or(row, "create_role", false),
                               .replication = json::get_bool_or(row, "replication", false),
                               .member_of = memberships(row),
                               .verifier = verifier_kind(json::get_string(row, "verifier"))});
  }
}

// Given on a command line of its own for every server of ours.
bool is_place_of_files(const std::string& name) {
  return name == "data_directory" || name == "config_file" || name == "hba_file" || name == "ident_file";
}

// Files first, then what only postgresql.auto.conf itself tells, then the command line, which outranks both.
// Names of settings are alike in any case ("TimeZone", "timezone").
void read_settings(SqlReader& reader, const std::string& database, Inventory& inventory) {
  using Origin = SettingFacts::Origin;
  std::map<std::string, SettingFacts> settings;
  for (const object& row : ask(reader, database, file_settings_sql(), "the configuration files")) {
    const std::string name = json::get_string(row, "name");
    const std::string file = json::get_string_or(row, "file", "");
    const bool is_auto = std::filesystem::path(file).filename() == "postgresql.auto.conf";
    settings[lower(name)] = {.name = name,
                             .value = json::get_string_or(row, "value", ""),
                             .origin = is_auto ? Origin::auto_conf : Origin::configuration_file,
                             .file = file,
                             .line = static_cast<int>(json::get_int_or(row, "line", 0))};
  }
  const object auto_conf = ask_one(reader, database, auto_conf_sql(), "postgresql.auto.conf");
  for (const auto& [name, value] : parse_auto_conf(json::get_string_or(auto_conf, "content", ""))) {
    settings[lower(name)] = {.name = name,
                             .value = value,
                             .origin = Origin::auto_conf,
                             .file = inventory.data_directory + "/postgresql.auto.conf"};
  }
  const auto on_command_line = [&](const std::string& name, const std::string& value) {
    settings[lower(name)] = {.name = name, .value = value, .origin = Origin::command_line, .file = ""};
  };
  // What the login's role, its database or this very session sets has another source in pg_settings.
  const object options = ask_one(reader, database, postmaster_options_sql(), "postmaster.opts");
  for (const auto& [name, value] : parse_postmaster_options(json::get_string_or(options, "content", "")))
    if (!is_place_of_files(name)) on_command_line(name, value);
  for (const object& row : ask(reader, database, command_line_settings_sql(), "the command line"))
    on_command_line(json::get_string(row, "name"), json::get_string_or(row, "value", ""));
  for (auto& [name, setting] : settings) inventory.settings.push_back(std::move(setting));
}

void read_cluster_objects(SqlReader& reader, const std::string& database, Inventory& inventory) {
  const std::map<std::string, std::vector<std::string>*> places = {
      {"tablespace", &inventory.tablespaces},     {"slot", &inventory.replication_slots},
      {"origin", &inventory.replication_origins}, {"standby", &inventory.standbys},
      {"subscription", &inventory.subscriptions}, {"prepared", &inventory.prepared_transactions},
  };
  for (const object& row : ask(reader, database, cluster_objects_sql(), "tablespaces and replication")) {
    places.at(json::get_string(row, "kind"))->push_back(json::get_string_or(row, "name", ""));
  }
  for (const object& row : ask(reader, database, connections_sql(), "the connections")) {
    inventory.connections.push_back({.client_address = json::get_string(row, "address"),
                                     .database = json::get_string(row, "database"),
                                     .role = json::get_string(row, "role"),
                                     .application = json::get_string(row, "application")});
  }
}

}  // namespace

Inventory read_inventory(SqlReader& reader, const std::string& connect_database) {
  Inventory inventory;
  inventory.version_num = read_version_num(reader, connect_database);
  read_server(reader, connect_database, inventory);
  read_roles(reader, connect_database, inventory);
  read_settings(reader, connect_database, inventory);
  read_cluster_objects(reader, connect_database, inventory);
  read_databases(reader, connect_database, inventory);
  return inventory;
}

std::map<std::string, Secret> read_md5_verifiers(SqlReader& reader, const std::string& connect_database) {
  std::map<std::string, Secret> verifiers;
  for (const object& row : ask(reader, connect_database, md5_verifiers_sql(), "the password verifiers")) {
    verifiers[json::get_string(row, "role")] = Secret{json::get_string(row, "verifier")};
  }
  return verifiers;
}

}  // namespace pgupgrade::postgres
