#include "support/world/connector.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/sql_text.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "pgupgrade/postgres/scram.hpp"
#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"
#include "support/world/reader.hpp"

namespace pgupgrade::test {
namespace {

std::string scram_verifier(const std::string& role, const Secret& password) {
  return "SCRAM-SHA-256$simulated:" + sha256_hex(role + ":" + password.reveal());
}

std::string conf_file(const Tree& tree, const std::string& directory, const std::string& name) {
  const auto found = tree.find(join_path(directory, name));
  return found == tree.end() ? std::string() : found->second.content;
}

}  // namespace

std::vector<ExtensionMember> members_of(const Database& database) {
  if (database.members.empty()) return {};
  std::vector<ExtensionMember> members = {
      {.extension = "hstore", .type = "function", .identity = "public.akeys(hstore)"}};
  for (const std::string& table : database.members)
    members.push_back({.extension = "hstore", .type = "table", .identity = table});
  return members;
}

namespace {

// The rows of a database, as any server of the simulated world prints them.
DatabasePrint print_of(const std::string& name, const Database& database, const std::string& row_hash,
                       const postgres::PrintProgress& progress) {
  DatabasePrint print;
  for (const auto& [table, rows] : database.tables) {
    if (database.members.contains(table)) continue;
    if (progress) progress(name, table);
    print.tables[table] = row_hash == postgres::kNoRows
                              ? TablePrint{}
                              : TablePrint{.rows = static_cast<std::int64_t>(rows.size()),
                                           .digest = sha256_hex(join(rows, "\n"))};
  }
  print.sequences = database.sequences;
  return print;
}

class SimulatedServer final : public postgres::Server {
 public:
  SimulatedServer(SimulatedEngine& engine, std::string container)
      : engine_(engine), container_(std::move(container)) {}

  int version_num() override { return engine_.image_of(self()).major * 10000; }

  Inventory inventory() override {
    const Cluster cluster = read();
    SimulatedReader reader(engine_, self());
    return postgres::read_inventory(reader, cluster.databases.begin()->first);
  }

  Fingerprint fingerprint(const std::string& row_hash, int,
                          const postgres::PrintProgress& progress) override {
    Fingerprint print{.version_num = version_num(), .row_hash = row_hash};
    const Cluster cluster = read();
    for (const auto& [name, database] : cluster.databases)
      print.databases[name] = print_of(name, database, row_hash, progress);
    for (const auto& [role, verifier] : cluster.roles)
      print.shared["role " + sql_identifier(role)]["rolpassword"] = verifier.empty() ? "" : "yes";
    for (const std::string& grant : cluster.grants) {
      const std::size_t to = grant.find(" to ");
      const std::string role = sql_identifier(grant.substr(0, to));
      print.shared["membership " + sql_identifier(grant.substr(to + 4)) + " in " + role] = {
          {"admin_option", "true"}, {"inherit_option", "false"}, {"set_option", "false"}};
    }
    return print;
  }

  Fingerprint catalogs() override {
    Fingerprint print{.version_num = version_num()};
    for (const auto& [name, database] : read().databases) {
      print.databases[name];
      if (engine_.lost_objects.contains(name)) print.databases[name].objects = engine_.lost_objects.at(name);
    }
    return print;
  }

  void settle_expressions(Fingerprint&, const Fingerprint&) override {}

  void grant_roles(const std::vector<RoleGrant>& grants) override {
    Cluster cluster = read();
    for (const RoleGrant& grant : grants) cluster.grants.insert(grant.role + " to " + grant.member);
    write(cluster);
  }

  std::vector<ExtensionMember> extension_members(const std::string& name) override {
    return members_of(read().databases.at(name));
  }

  // ALTER EXTENSION "hstore" ADD TABLE public.precious
  void execute(const std::string& name, const std::vector<std::string>& statements) override {
    Cluster cluster = read();
    auto& members = cluster.databases.at(name).members;
    for (const std::string& statement : statements) {
      const std::string table = statement.substr(statement.rfind(' ') + 1);
      const bool add = statement.find(" ADD ") != std::string::npos;
      if (add ? !members.insert(table).second : members.erase(table) == 0)
        throw Error(ErrorKind::failed, "E-SQL", "could not run \"" + statement + "\"");
    }
    write(cluster);
  }

  std::map<std::string, Secret> md5_verifiers() override {
    std::map<std::string, Secret> verifiers;
    for (const auto& [role, verifier] : read().roles) {
      if (verifier.starts_with("md5")) verifiers[role] = Secret(verifier);
    }
    return verifiers;
  }

  void set_scram_password(const std::string& role, const Secret& password) override {
    Cluster cluster = read();
    cluster.roles.at(role) = scram_verifier(role, password);
    write(cluster);
  }

  std::vector<postgres::RoleSetting> settings_for_all_roles() override {
    std::vector<postgres::RoleSetting> settings;
    for (const auto& [name, value] : read().settings_for_all_roles) settings.push_back({name, value});
    return settings;
  }

  void set_settings_for_all_roles(const std::vector<postgres::RoleSetting>& settings) override {
    Cluster cluster = read();
    for (const auto& setting : settings) cluster.settings_for_all_roles[setting.name] = setting.value;
    write(cluster);
  }

  std::map<std::string, std::int64_t> dumpable_counts(const std::string& name) override {
    const Database database = read().databases.at(name);
    const auto tables = static_cast<std::int64_t>(database.tables.size() - database.members.size());
    return {{"TABLE", tables},
            {"TABLE DATA", tables},
            {"SEQUENCE", static_cast<std::int64_t>(database.sequences.size())}};
  }

  std::vector<std::string> missing_built_ins(const std::string&) override { return {}; }
  void drop_built_ins(const std::string&, const std::vector<std::string>&) override {}

  std::vector<std::string> configuration_errors() override {
    const auto place = this->place();
    const auto values = postgres::parse_auto_conf(conf_file(*place.tree, place.path, "postgresql.conf"));
    return values.contains("broken_setting") ? std::vector<std::string>{"broken_setting is wrong"}
                                             : std::vector<std::string>{};
  }

  std::vector<std::string> refresh(const std::string&) override {
    read();
    return {};
  }

  std::int64_t clear_column_marks(const std::string& name, RowsAre) override {
    if (count_column_marks(name) == 0) return 0;
    Cluster cluster = read();
    cluster.databases.at(name).marked = false;
    write(cluster);
    return 0;
  }
  std::int64_t count_column_marks(const std::string& name) override {
    return read().databases.at(name).marked ? 1 : 0;
  }
  std::vector<postgres::RemoteView> remote_views(const std::string&) override { return {}; }
  postgres::AnalyzeScope analyze_scope(const std::string&) override { return {}; }

  postgres::StandbyState standby_state() override {
    const auto place = this->place();
    const bool in_recovery = exists(*place.tree, join_path(place.path, "standby.signal"));
    const std::string& network = self().info.network_mode;
    const SimulatedContainer* primary =
        network.starts_with("container:") ? engine_.find(network.substr(10)) : nullptr;
    return {.in_recovery = in_recovery,
            .streaming = in_recovery && primary != nullptr && primary->server.has_value(),
            .replayed = std::to_string(replayed_by(*place.tree, place.path))};
  }
  bool has_replayed(const std::string& location) override {
    const auto place = this->place();
    return replayed_by(*place.tree, place.path) > std::stoul(location.substr(2), nullptr, 16);
  }
  void promote() override {
    const auto place = this->place();
    place.tree->erase(join_path(place.path, "standby.signal"));
    place.tree->at(join_path(place.path, "pg_wal/000000010000000000000001")).content += "promoted\n";
    set_control_state(*place.tree, place.path, "in production", engine_.now());
  }
  std::vector<std::string> unlogged_tables(const std::string& name) override {
    const Database database = read().databases.at(name);
    return {database.unlogged.begin(), database.unlogged.end()};
  }
  std::map<std::string, std::string> relation_files(const std::string&) override { return {}; }
  std::vector<std::string> rebuild_indexes(const std::string&, postgres::LibcCollations) override {
    read();
    return {};
  }

  std::int64_t size_of(const std::vector<std::string>& databases) override {
    return static_cast<std::int64_t>(databases.size());
  }

  std::vector<std::string> tables_without_statistics() override {
    return read().analyzed ? std::vector<std::string>{} : std::vector<std::string>{"shop.public.orders"};
  }

 private:
  SimulatedContainer& self() {
    SimulatedContainer* container = engine_.find(container_);
    if (container == nullptr || !container->server) {
      throw Error(ErrorKind::failed, "E-SQL", "could not query: the server closed the connection");
    }
    return *container;
  }
  SimulatedEngine::Place place() {
    follow(engine_, self());
    return engine_.resolve(self(), self().server->data);
  }

  Cluster read() {
    const auto place = this->place();
    auto cluster = read_cluster(*place.tree, place.path);
    if (!cluster) throw Error(ErrorKind::failed, "E-SQL", "could not query: the cluster is damaged");
    return *cluster;
  }
  void write(const Cluster& cluster) {
    const auto place = this->place();
    write_cluster(*place.tree, place.path, cluster, engine_.now());
  }

  SimulatedEngine& engine_;
  std::string container_;
};

class SimulatedHeldRows final : public postgres::HeldRows {
 public:
  SimulatedHeldRows(Cluster cluster, std::vector<std::string> databases)
      : cluster_(std::move(cluster)), databases_(std::move(databases)) {}

  postgres::ReadRows read(const std::string& row_hash, int,
                          const postgres::PrintProgress& progress) override {
    Fingerprint print{.row_hash = row_hash};
    for (const std::string& name : databases_)
      print.databases[name] = print_of(name, cluster_.databases.at(name), row_hash, progress);
    return {.print = only_rows(std::move(print)), .changed = {}};
  }

 private:
  Cluster cluster_;
  std::vector<std::string> databases_;
};

bool fits(const std::string& verifier, const std::string& role, const Secret& password) {
  if (verifier.starts_with("md5")) return postgres::md5_verifier_matches(verifier, role, password);
  return !verifier.empty() && verifier == scram_verifier(role, password);
}

}  // namespace

std::unique_ptr<postgres::Server> SimulatedConnector::connect(const postgres::SocketEndpoint& endpoint,
                                                              std::chrono::milliseconds,
                                                              const std::function<bool()>& alive) {
  SimulatedContainer* server = engine_.server_at(endpoint.directory);
  if (server == nullptr || !alive()) {
    throw Error(ErrorKind::failed, "E-SERVER-NOT-READY",
                "could not connect to " + endpoint.directory + ": no server");
  }
  return std::make_unique<SimulatedServer>(engine_, server->info.id);
}

// pg_hba.conf of the cluster decides whether an md5 verifier is still good for a login.
postgres::LoginResult SimulatedConnector::login(const postgres::LoginAttempt& attempt) {
  for (auto& [id, container] : engine_.containers) {
    if (!container.server || container.address != attempt.host || engine_.recovers(container)) continue;
    const auto place = engine_.resolve(container, container.server->data);
    const auto cluster = read_cluster(*place.tree, place.path);
    const auto role = cluster->roles.find(attempt.role);
    const bool md5_allowed =
        conf_file(*place.tree, place.path, "pg_hba.conf").find("md5") != std::string::npos;
    const bool good = role != cluster->roles.end() && fits(role->second, attempt.role, attempt.password) &&
                      (md5_allowed || !role->second.starts_with("md5"));
    if (good) return {.outcome = postgres::LoginOutcome::accepted, .reason = {}};
    return {.outcome = postgres::LoginOutcome::refused, .reason = "password authentication failed"};
  }
  return {.outcome = postgres::LoginOutcome::unreachable, .reason = "no route to host"};
}

std::unique_ptr<postgres::HeldRows> SimulatedConnector::hold_rows(const postgres::LoginAttempt& attempt,
                                                                  const std::vector<std::string>& databases) {
  if (login(attempt).outcome != postgres::LoginOutcome::accepted)
    throw Error(ErrorKind::refused, "E-AUTH", "the server refuses the login");
  for (auto& [id, container] : engine_.containers) {
    if (!container.server || container.address != attempt.host) continue;
    const auto place = engine_.resolve(container, container.server->data);
    return std::make_unique<SimulatedHeldRows>(*read_cluster(*place.tree, place.path), databases);
  }
  throw Error(ErrorKind::refused, "E-UNREACHABLE", "no server answers there");
}

}  // namespace pgupgrade::test
