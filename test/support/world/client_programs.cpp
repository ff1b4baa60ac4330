// PostgreSQL's client programs, initdb and vacuumdb. They reach a server through the socket directory that
// both containers mount, and read and write the dump volume's files.
#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

using Argv = std::vector<std::string>;

Outcome fail(const std::string& text) {
  return {.exit_code = 1, .out = {}, .err = text + "\n"};
}

Outcome done(const std::string& out = {}) {
  return {.exit_code = 0, .out = out, .err = {}};
}

std::string option(const Argv& argv, const std::string& name) {
  for (const std::string& argument : argv) {
    if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  }
  return {};
}

bool has(const Argv& argv, const std::string& flag) {
  return std::find(argv.begin(), argv.end(), flag) != argv.end();
}

// "dbname='shop'" -> "shop"
std::string database_of(const Argv& argv) {
  const std::string info = option(argv, "--dbname");
  return info.size() < 9 ? info : info.substr(8, info.size() - 9);
}

struct Reached {
  SimulatedEngine::Place place;
  Cluster cluster;
};

std::optional<Reached> reach_server(SimulatedEngine& engine, const SimulatedContainer& self) {
  for (const Mount& mount : self.info.mounts) {
    if (mount.kind != MountKind::bind) continue;
    SimulatedContainer* server = engine.server_at(mount.source);
    if (server == nullptr) continue;
    const auto place = engine.resolve(*server, server->server->data);
    if (auto cluster = read_cluster(*place.tree, place.path)) return Reached{place, std::move(*cluster)};
  }
  return std::nullopt;
}

Outcome no_server() {
  return {.exit_code = 2, .out = {}, .err = "connection to server on socket failed\n"};
}

std::string globals_text(const Cluster& cluster) {
  std::string text = "-- roles\n";
  for (const auto& [role, verifier] : cluster.roles) {
    text += fmt::format("CREATE ROLE \"{0}\";\nALTER ROLE \"{0}\" WITH LOGIN", role);
    text += verifier.empty() ? ";\n" : fmt::format(" PASSWORD '{}';\n", verifier);
  }
  return text;
}

Outcome dump_globals(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto server = reach_server(engine, self);
  if (!server) return no_server();
  const auto file = engine.resolve(self, option(argv, "--file"));
  put_file(*file.tree, file.path, globals_text(server->cluster), 0600, 0, 0, engine.now());
  return done();
}

Outcome dump(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto server = reach_server(engine, self);
  if (!server) return no_server();
  const auto found = server->cluster.databases.find(database_of(argv));
  if (found == server->cluster.databases.end()) return fail("database does not exist");
  const auto target = engine.resolve(self, option(argv, "--file"));
  if (exists(*target.tree, target.path)) return fail("the directory exists");
  Database schema = found->second;  // rows go to files of their own
  for (const std::string& member : schema.members) schema.tables.erase(member);
  std::string toc = "name " + found->first + "\n";
  int number = 3000;
  for (auto& [table, rows] : schema.tables) {
    const std::string file = fmt::format("{}.dat", ++number);
    put_file(*target.tree, target.path + "/" + file, join(rows, "\n"), 0600, 0, 0, engine.now());
    toc += fmt::format("table {} {} {}\n", table, file, rows.size());
  }
  for (const std::string& table : schema.unlogged) toc += fmt::format("unlogged {}\n", table);
  if (schema.marked) toc += "marked\n";
  for (const auto& [sequence, value] : schema.sequences)
    toc += fmt::format("sequence {} {}\n", sequence, value);
  put_file(*target.tree, target.path + "/toc.dat", toc + "end\n", 0600, 0, 0, engine.now());
  return done();
}

struct Dump {
  std::string name;
  Database database;
};

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> result;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    result.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

std::optional<Dump> read_dump(SimulatedEngine& engine, SimulatedContainer& self,
                              const std::string& directory) {
  const auto place = engine.resolve(self, directory);
  const auto toc = place.tree->find(join_path(place.path, "toc.dat"));
  if (toc == place.tree->end()) return std::nullopt;
  const auto lines = split_lines(toc->second.content);
  if (lines.empty() || lines.back() != "end") return std::nullopt;
  Dump dump;
  for (const std::string& line : lines) {
    const auto parts = words(line);
    if (parts[0] == "name") dump.name = line.substr(5);
    if (parts[0] == "marked") dump.database.marked = true;
    if (parts[0] == "unlogged") dump.database.unlogged.insert(parts.at(1));
    if (parts[0] == "sequence") dump.database.sequences[parts.at(1)] = parts.at(2);
    if (parts[0] != "table") continue;
    const auto data = place.tree->find(join_path(place.path, parts.at(2)));
    if (data == place.tree->end()) return std::nullopt;
    auto rows = split_lines(data->second.content);
    if (std::to_string(rows.size()) != parts.at(3)) return std::nullopt;
    dump.database.tables[parts[1]] = std::move(rows);
  }
  return dump;
}

Outcome list(SimulatedEngine& engine, SimulatedContainer& self, const std::string& directory) {
  const auto dump = read_dump(engine, self, directory);
  if (!dump) return fail("pg_restore: error: the archive is damaged");
  std::string out = ";\n; Archive\n;\n";
  int number = 0;
  for (const auto& [table, rows] : dump->database.tables) {
    out += fmt::format("{0}; 1259 1{0} TABLE {1} app\n", ++number, table);
    out += fmt::format("{0}; 0 1{0} TABLE DATA {1} app\n", ++number, table);
  }
  for (const auto& [sequence, value] : dump->database.sequences) {
    out += fmt::format("{0}; 1259 1{0} SEQUENCE {1} app\n", ++number, sequence);
  }
  return done(out);
}

Outcome restore(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  if (has(argv, "--list")) return list(engine, self, argv.back());
  auto server = reach_server(engine, self);
  if (!server) return no_server();
  const auto dump = read_dump(engine, self, argv.back());
  if (!dump) return fail("pg_restore: error: the archive is damaged");
  if (dump->database.marked)
    return fail("pg_restore: error: could not execute query: ERROR:  unrecognized parameter \"pg_attver\"");
  if (!has(argv, "--create")) {
    // The later sections, in the database that the first has made: rows, then what follows them.
    if (database_of(argv) != dump->name || !server->cluster.databases.contains(dump->name)) {
      return fail(fmt::format("pg_restore: error: database \"{}\" does not exist", database_of(argv)));
    }
    if (has(argv, "--section=data")) server->cluster.databases[dump->name] = dump->database;
    write_cluster(*server->place.tree, server->place.path, server->cluster, engine.now());
    return done();
  }
  if (server->cluster.databases.contains(dump->name) && !has(argv, "--clean")) {
    return fail(fmt::format("pg_restore: error: database \"{}\" already exists", dump->name));
  }
  if (database_of(argv) == dump->name) return fail("cannot drop the currently open database");
  auto& created = server->cluster.databases[dump->name] = dump->database;
  for (auto& [table, rows] : created.tables) rows.clear();
  write_cluster(*server->place.tree, server->place.path, server->cluster, engine.now());
  return done();
}

std::string between(const std::string& line, char quote) {
  const auto first = line.find(quote);
  if (first == std::string::npos) return {};
  return line.substr(first + 1, line.find(quote, first + 1) - first - 1);
}

Outcome run_sql(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  auto server = reach_server(engine, self);
  if (!server) return no_server();
  const auto file = engine.resolve(self, option(argv, "--file"));
  const auto script = file.tree->find(file.path);
  if (script == file.tree->end()) return fail("no such file");
  for (const std::string& line : split_lines(script->second.content)) {
    const std::string role = between(line, '"');
    if (line.starts_with("CREATE ROLE ") && !server->cluster.roles.try_emplace(role).second) {
      return {.exit_code = 3, .out = {}, .err = fmt::format("ERROR:  role \"{}\" already exists\n", role)};
    }
    if (line.starts_with("ALTER ROLE ")) server->cluster.roles.at(role) = between(line, '\'');
  }
  write_cluster(*server->place.tree, server->place.path, server->cluster, engine.now());
  return done();
}

Outcome analyze(SimulatedEngine& engine, SimulatedContainer& self) {
  auto server = reach_server(engine, self);
  if (!server) return no_server();
  server->cluster.analyzed = true;
  write_cluster(*server->place.tree, server->place.path, server->cluster, engine.now());
  return done();
}

Outcome initdb(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, option(argv, "--pgdata"));
  if (has(argv, "--sync-only")) {
    return version_of(*place.tree, place.path) != 0 ? done() : fail("initdb: error: no cluster");
  }
  if (!exists(*place.tree, place.path)) return fail("initdb: error: could not create the directory");
  if (!below(*place.tree, place.path).empty()) return fail("initdb: error: the directory is not empty");
  Cluster fresh;
  fresh.superuser = option(argv, "--username");
  fresh.roles[fresh.superuser];
  fresh.databases["postgres"];
  fresh.databases["template1"];
  create_cluster(*place.tree, place.path, engine.image_of(self).major, fresh, self.info.user, engine.now());
  return done();
}

}  // namespace

std::optional<Outcome> run_client_program(SimulatedEngine& engine, SimulatedContainer& self,
                                          const Argv& argv) {
  const std::string& program = argv.front();
  if (program == "pg_dumpall") return dump_globals(engine, self, argv);
  if (program == "pg_dump") return dump(engine, self, argv);
  if (program == "pg_restore") return restore(engine, self, argv);
  if (program == "psql") return run_sql(engine, self, argv);
  if (program == "vacuumdb") return analyze(engine, self);
  if (program == "initdb") return initdb(engine, self, argv);
  return std::nullopt;
}

}  // namespace pgupgrade::test
