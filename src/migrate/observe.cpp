#include "pgupgrade/migrate/observe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "migrate/server_sql.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::migrate {
namespace {

using boost::json::object;

// Tables from this size on are copied by streams of their own.
constexpr std::int64_t kLarge = 32LL << 20;

std::vector<object> ask(postgres::RemoteServer& server, const std::string& database, const std::string& sql) {
  std::vector<object> rows;
  for (const std::string& row : server.query(database, sql))
    rows.push_back(json::as_object(json::parse(row, "the server's answer"), "the server's answer"));
  return rows;
}

object ask_one(postgres::RemoteServer& server, const std::string& database, const std::string& sql) {
  std::vector<object> rows = ask(server, database, sql);
  if (rows.size() != 1)
    throw Error(ErrorKind::failed, "E-SQL",
                fmt::format("could not use the answer of {}: it has {}, expected 1", server.endpoint().name,
                            plural(rows.size(), "row")));
  return std::move(rows.front());
}

std::set<std::string> set_of(const std::vector<std::string>& values) {
  return {values.begin(), values.end()};
}

ListedDatabase listed_database(const object& row) {
  ListedDatabase database{.name = json::get_string(row, "name"),
                          .owner = json::get_string_or(row, "owner", ""),
                          .bytes = json::get_int_or(row, "bytes", -1),
                          .encoding = json::get_string(row, "encoding"),
                          .collate = json::get_string_or(row, "collate", ""),
                          .ctype = json::get_string_or(row, "ctype", ""),
                          .locale_provider = json::get_string(row, "provider").at(0),
                          .icu_locale = json::get_string_or(row, "locale", ""),
                          .icu_rules = json::get_string_or(row, "rules", ""),
                          .may_connect = json::get_bool_or(row, "may_connect", true),
                          .is_template = json::get_bool_or(row, "template", false)};
  return database;
}

// What is in no schema is nothing of theirs.
DatabaseContents of_schemas(const DatabaseContents& all) {
  DatabaseContents contents;
  contents.name = all.name;
  contents.tables = all.tables;
  contents.estimated_rows = all.estimated_rows;
  contents.unreadable = all.unreadable;
  contents.owners = all.owners;
  contents.tablespaces = all.tablespaces;
  contents.largest_tables = all.largest_tables;
  return contents;
}

DatabaseContents read_contents(postgres::RemoteServer& server, const std::string& name,
                               const Schemas& schemas) {
  const object row = ask_one(server, name, contents_sql(schemas));
  DatabaseContents contents;
  contents.name = name;
  contents.tables = json::get_int(row, "tables");
  contents.estimated_rows = json::get_int(row, "rows");
  contents.large_objects = json::get_int(row, "large_objects");
  contents.tablespaces = set_of(json::get_strings(row, "tablespaces"));
  contents.event_triggers = json::get_strings(row, "event_triggers");
  contents.subscriptions = json::get_strings(row, "subscriptions");
  contents.publications = json::get_strings(row, "publications");
  contents.clients = json::get_strings(row, "clients");
  contents.prepared_transactions = json::get_int(row, "prepared");
  contents.user_mappings = json::get_int(row, "user_mappings");
  const auto extensions = json::get_strings(row, "extensions");
  const auto versions = json::get_strings(row, "versions");
  for (std::size_t i = 0; i < extensions.size() && i < versions.size(); ++i)
    contents.extensions.push_back({.name = extensions[i], .version = versions[i], .schema = {}});
  contents.unreadable = unreadable(server, name, schemas);
  for (const object& found : ask(server, name, roles_needed_sql(schemas))) {
    const std::string why = json::get_string(found, "why");
    auto& roles = why == "owner"    ? contents.owners
                  : why == "policy" ? contents.policy_roles
                                    : contents.grantees;
    roles.insert(json::get_string(found, "role"));
  }
  if (contents.unreadable.empty())
    for (const object& found : ask(server, name, largest_tables_sql(kLarge, schemas)))
      contents.largest_tables.push_back({.schema = json::get_string(found, "schema"),
                                         .name = json::get_string(found, "name"),
                                         .bytes = json::get_int(found, "bytes")});
  return schemas.empty() ? contents : of_schemas(contents);
}

}  // namespace

std::vector<std::string> unreadable(postgres::RemoteServer& server, const std::string& database,
                                    const Schemas& schemas) {
  std::vector<std::string> found;
  for (const object& row : ask(server, database, unreadable_sql(schemas)))
    found.push_back(json::get_string(row, "what"));
  return found;
}

std::vector<std::string> choose_databases(const std::vector<std::string>& named, bool all,
                                          const ServerFacts& server, const std::string& connected) {
  std::vector<std::string> names = named;
  if (all) {
    for (const ListedDatabase& database : server.databases)
      if (!database.is_template && database.may_connect) names.push_back(database.name);
  } else if (names.empty()) {
    names.push_back(connected);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    if (server.find(name) != nullptr) continue;
    std::vector<std::string> there;
    for (const ListedDatabase& database : server.databases)
      if (!database.is_template) there.push_back(printable(database.name));
    throw Error(ErrorKind::usage, "E-UNKNOWN-DATABASE",
                fmt::format("could not find database \"{}\" at {}", printable(name), server.address),
                "it has " + join(there, ", "));
  }
  return names;
}

const ListedDatabase* ServerFacts::find(const std::string& database) const {
  const auto found = std::find_if(databases.begin(), databases.end(),
                                  [&](const ListedDatabase& listed) { return listed.name == database; });
  return found == databases.end() ? nullptr : &*found;
}

ServerFacts observe_server(postgres::RemoteServer& server) {
  const std::string database = server.connect_database();
  const object row = ask_one(server, database, server_sql());
  ServerFacts facts;
  facts.address = postgres::address_of(server.endpoint());
  facts.version_num = server.version_num();
  facts.version = json::get_string(row, "version");
  facts.role = json::get_string(row, "role");
  facts.bootstrap = json::get_string_or(row, "bootstrap", "");
  facts.superuser = json::get_bool_or(row, "superuser", false);
  facts.creates_databases = json::get_bool_or(row, "creates_databases", false);
  facts.creates_roles = json::get_bool_or(row, "creates_roles", false);
  facts.encrypted = server.is_encrypted();
  facts.in_recovery = json::get_bool_or(row, "in_recovery", false);
  facts.started = json::get_string_or(row, "started", "");
  facts.free_connections = static_cast<int>(json::get_int_or(row, "free_connections", -1));
  for (const object& found : ask(server, database, databases_sql(facts.version_num)))
    facts.databases.push_back(listed_database(found));
  for (const object& found : ask(server, database, roles_sql(facts.version_num))) {
    facts.roles.insert(json::get_string(found, "name"));
    if (json::get_bool_or(found, "assumable", false))
      facts.assumable_roles.insert(json::get_string(found, "name"));
  }
  for (const object& found : ask(server, database, tablespaces_sql()))
    facts.tablespaces.insert(json::get_string(found, "name"));
  for (const object& found : ask(server, database, extensions_sql(facts.version_num)))
    facts.extensions[json::get_string(found, "name")] = json::get_bool_or(found, "creatable", false);
  return facts;
}

DestinationFacts observe_destination(postgres::RemoteServer& target, const ListedDatabase* listed,
                                     const std::string& name, const Schemas& schemas) {
  DestinationFacts facts;
  facts.name = name;
  facts.exists = listed != nullptr;
  if (listed == nullptr) return facts;
  facts.may_connect = listed->may_connect;
  facts.encoding = listed->encoding;
  if (!facts.may_connect) return facts;
  const object row = ask_one(target, name, destination_sql(schemas));
  facts.may_create = json::get_bool_or(row, "may_create", false);
  facts.may_create_public = json::get_bool_or(row, "may_create_public", false);
  facts.contents = json::get_strings(row, "contents");
  facts.comment = json::get_string_or(row, "comment", "");
  return facts;
}

Facts observe(const Request& request, postgres::RemoteServer& source, postgres::RemoteServer& target,
              const std::function<void(const std::string&)>& say) {
  Facts facts;
  say("the source");
  facts.source = observe_server(source);
  say("the target");
  facts.target = observe_server(target);
  const auto names =
      choose_databases(request.databases, request.all, facts.source, source.connect_database());
  for (const std::string& name : names) {
    const bool readable = facts.source.find(name)->may_connect;
    say(fmt::format("database \"{}\"", printable(name)));
    DatabaseContents nothing;
    nothing.name = name;
    facts.contents.push_back(readable ? read_contents(source, name, request.schemas) : std::move(nothing));
    const std::string into = request.into.empty() ? name : request.into;
    facts.destinations.push_back(observe_destination(target, facts.target.find(into), into, request.schemas));
    target.forget(into);
  }
  try {
    facts.free_bytes = static_cast<std::int64_t>(free_bytes(request.state_root));
  } catch (const Error&) {
    facts.free_bytes = -1;
  }
  return facts;
}

}  // namespace pgupgrade::migrate
