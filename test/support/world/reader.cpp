#include "support/world/reader.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "pgupgrade/postgres/members.hpp"
#include "postgres/catalog_sql.hpp"
#include "postgres/inspect_sql.hpp"
#include "postgres/left_behind_sql.hpp"
#include "postgres/standby.hpp"
#include "support/world/cluster.hpp"
#include "support/world/connector.hpp"

namespace pgupgrade::test {
namespace {

using boost::json::array;
using boost::json::object;
using Rows = std::vector<std::string>;

// What a server is asked about itself.
struct Asked {
  const SimulatedEngine& engine;
  const SimulatedImage& image;
  const ServerProcess& server;
  const SimulatedEngine::Place place;
  const Cluster cluster;

  std::string file(const std::string& name) const {
    const auto found = place.tree->find(join_path(place.path, name));
    return found == place.tree->end() ? std::string() : found->second.content;
  }
  int version_num() const {
    return image.major * 10000 + std::stoi(image.version.substr(image.version.find('.') + 1));
  }
};

std::string row(const object& fields) {
  return boost::json::serialize(fields);
}

Rows server(const Asked& asked) {
  const std::string& data = asked.server.data;
  return {row({{"version", asked.image.version},
               {"data_directory", data},
               {"config_file", data + "/postgresql.conf"},
               {"hba_file", data + "/pg_hba.conf"},
               {"ident_file", data + "/pg_ident.conf"},
               {"superuser", asked.cluster.superuser},
               {"checksums", true},
               {"wal_segment_bytes", 16 << 20},
               {"password_encryption", "scram-sha-256"},
               {"shared_preload_libraries", ""},
               {"session_preload_libraries", ""},
               {"local_preload_libraries", ""},
               {"in_recovery", false}})};
}

std::string verifier_word(const std::string& verifier) {
  if (verifier.empty()) return "none";
  return verifier.starts_with("md5") ? "md5" : "scram";
}

Rows roles(const Asked& asked) {
  Rows rows;
  for (const auto& [name, verifier] : asked.cluster.roles) {
    rows.push_back(row({{"name", name},
                        {"superuser", name == asked.cluster.superuser},
                        {"login", true},
                        {"create_role", asked.cluster.creators.contains(name)},
                        {"verifier", verifier_word(verifier)}}));
  }
  return rows;
}

Rows file_settings(const Asked& asked) {
  Rows rows;
  for (const auto& [name, value] : postgres::parse_auto_conf(asked.file("postgresql.conf"))) {
    rows.push_back(row({{"name", name}, {"value", value}, {"file", asked.server.data + "/postgresql.conf"}}));
  }
  return rows;
}

Rows auto_conf(const Asked& asked) {
  return {row({{"content", asked.file("postgresql.auto.conf")}})};
}

Rows cluster_objects(const Asked& asked) {
  Rows rows;
  for (const std::string& name : asked.engine.prepared_transactions)
    rows.push_back(row({{"kind", "prepared"}, {"name", name}}));
  return rows;
}

Rows connections(const Asked& asked) {
  Rows rows;
  for (const ConnectionFacts& connection : asked.engine.connections) {
    rows.push_back(row({{"address", connection.client_address},
                        {"database", connection.database},
                        {"role", connection.role},
                        {"application", connection.application}}));
  }
  return rows;
}

Rows databases(const Asked& asked) {
  Rows rows;
  for (const auto& [name, database] : asked.cluster.databases) {
    rows.push_back(row({{"name", name},
                        {"size", database_text(database).size()},
                        {"encoding", "UTF8"},
                        {"collate", "C"},
                        {"ctype", "C"},
                        {"provider", "c"},
                        {"locale", nullptr},
                        {"rules", nullptr},
                        {"allow", true},
                        {"template", name == "template1"}}));
  }
  return rows;
}

Rows database_names(const Asked& asked) {
  Rows rows;
  for (const auto& [name, database] : asked.cluster.databases) rows.push_back(row({{"name", name}}));
  return rows;
}

Rows contents(const Asked& asked, const std::string& name) {
  const Database& database = asked.cluster.databases.at(name);
  const bool with_hstore = !database.members.empty();
  std::size_t count = 0;
  for (const auto& [table, own] : database.tables) count += own.size();
  return {row({{"tables", database.tables.size()},
               {"rows", count},
               {"large_objects", 0},
               {"extensions", with_hstore ? array{"hstore", "plpgsql"} : array{"plpgsql"}},
               {"versions", with_hstore ? array{"1.8", "1.0"} : array{"1.0"}},
               {"extension_schemas", with_hstore ? array{"public", "pg_catalog"} : array{"pg_catalog"}},
               {"libraries", array{}}})};
}

Rows members(const Asked& asked, const std::string& name) {
  Rows rows;
  for (const ExtensionMember& member : members_of(asked.cluster.databases.at(name)))
    rows.push_back(row({{"extension", member.extension},
                        {"type", member.type},
                        {"identity", member.identity},
                        {"attributes", object()}}));
  return rows;
}

Rows md5_verifiers(const Asked& asked) {
  Rows rows;
  for (const auto& [name, verifier] : asked.cluster.roles) {
    if (verifier.starts_with("md5")) rows.push_back(row({{"role", name}, {"verifier", verifier}}));
  }
  return rows;
}

}  // namespace

std::vector<std::string> SimulatedReader::query(const std::string& database, const std::string& sql) {
  const auto place = engine_.resolve(container_, container_.server->data);
  const auto cluster = read_cluster(*place.tree, place.path);
  if (!cluster || !cluster->databases.contains(database)) {
    throw Error(ErrorKind::failed, "E-SQL", fmt::format("database \"{}\" does not exist", database));
  }
  const Asked asked{.engine = engine_,
                    .image = engine_.image_of(container_),
                    .server = *container_.server,
                    .place = place,
                    .cluster = *cluster};
  if (sql == postgres::version_num_sql()) return {std::to_string(asked.version_num())};
  if (sql == postgres::server_sql()) return server(asked);
  if (sql == postgres::copy_facts_sql())
    return {row({{"wal_level", "replica"}, {"free_wal_senders", 10}, {"free_replication_slots", 10}})};
  if (sql == postgres::unlogged_tables_sql()) {
    const auto& unlogged = cluster->databases.at(database).unlogged;
    return {unlogged.begin(), unlogged.end()};
  }
  if (sql == postgres::column_marks_sql()) return {cluster->databases.at(database).marked ? "1" : "0"};
  if (sql == postgres::roles_facts_sql()) return roles(asked);
  if (sql == postgres::file_settings_sql()) return file_settings(asked);
  if (sql == postgres::auto_conf_sql()) return auto_conf(asked);
  if (sql == postgres::command_line_settings_sql()) return {};
  // No simulated server was given options.
  if (sql == postgres::postmaster_options_sql()) return {row({{"content", asked.server.data}})};
  if (sql == postgres::cluster_objects_sql()) return cluster_objects(asked);
  if (sql == postgres::connections_sql()) return connections(asked);
  if (sql == postgres::database_names_sql()) return database_names(asked);
  if (sql == postgres::databases_sql(asked.version_num())) return databases(asked);
  if (sql == postgres::database_contents_sql()) return contents(asked, database);
  if (sql == postgres::left_behind_sql(asked.version_num())) return {};
  if (sql == postgres::members_sql(asked.version_num())) return members(asked, database);
  if (sql == postgres::md5_verifiers_sql()) return md5_verifiers(asked);
  // A rehearsal compares what catalogs tell: here they tell nothing.
  if (sql == postgres::catalogs_sql()) return {fmt::format("{} UTF8", asked.version_num())};
  if (sql.starts_with("SELECT 'public' WHERE to_regnamespace(")) return {};
  // How a step gets to know the server of a service.
  if (sql.starts_with("SELECT current_setting('server_version_num') || ' ' || "))
    return {fmt::format("{} {}", asked.version_num(), asked.server.data)};
  // How somebody reaches it from outside.
  if (sql == "SELECT current_setting('port')") return {"5432"};
  if (sql.starts_with("SELECT datname::text FROM pg_database WHERE datallowconn")) {
    Rows names;
    for (const auto& [name, own] : cluster->databases)
      if (name != "template1") names.push_back(name);
    return names;
  }
  if (sql.find("WHERE oid = 10") != std::string::npos) return {cluster->superuser};
  throw Error(ErrorKind::failed, "E-SQL", "not simulated: " + sql);
}

}  // namespace pgupgrade::test
