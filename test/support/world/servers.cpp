// Server processes of the simulated world.
#include <fmt/format.h>

#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

Outcome fail(const std::string& text) {
  return {.exit_code = 1, .out = {}, .err = text + "\n"};
}

void initialise(SimulatedEngine& engine, const SimulatedEngine::Place& place, const SimulatedImage& image) {
  Cluster fresh;
  fresh.roles["postgres"];
  fresh.databases["postgres"];
  fresh.databases["template1"];
  create_cluster(*place.tree, place.path, image.major, fresh, fmt::format("{}:{}", image.uid, image.gid),
                 engine.now());
}

void log_line(Tree& tree, const std::string& directory, const std::string& line, std::int64_t now) {
  Node& wal = tree.at(join_path(directory, "pg_wal/000000010000000000000001"));
  wal.content += line + "\n";
  wal.mtime = now;
}

}  // namespace

std::string data_directory_of(const SimulatedContainer& container) {
  for (const std::string& line : container.info.environment) {
    if (line.starts_with("PGDATA=")) return line.substr(7);
  }
  return "/var/lib/postgresql/data";
}

Outcome start_server(SimulatedEngine& engine, SimulatedContainer& self, const std::string& data, bool fsync,
                     WhenEmpty when_empty) {
  const auto place = engine.resolve(self, data);
  const SimulatedImage& image = engine.image_of(self);
  if (place.read_only) return fail("FATAL:  the data directory is read-only");
  for (auto& [id, other] : engine.containers) {
    if (!other.server || id == self.info.id) continue;
    const auto its = engine.resolve(other, other.server->data);
    if (its.tree == place.tree && its.path == place.path) {
      engine.violations.push_back(
          fmt::format("two servers on {}: {} and {}", data, other.info.name, self.info.name));
    }
  }
  if (version_of(*place.tree, place.path) == 0) {
    if (when_empty == WhenEmpty::refuse) return fail(fmt::format("FATAL:  \"{}\" is not a cluster", data));
    if (!below(*place.tree, place.path).empty())
      return fail(fmt::format("initdb: error: directory \"{}\" exists but is not empty", data));
    initialise(engine, place, image);
  }
  if (version_of(*place.tree, place.path) != image.major) {
    return fail(fmt::format("FATAL:  database files are incompatible with server {}", image.major));
  }
  auto cluster = read_cluster(*place.tree, place.path);
  if (!cluster) return fail("PANIC:  could not locate a valid checkpoint record");
  const bool is_standby = exists(*place.tree, join_path(place.path, "standby.signal"));
  if (!is_standby && control_state(*place.tree, place.path) != "shut down") {
    empty_unlogged_tables(*cluster);
    write_cluster(*place.tree, place.path, *cluster, engine.now());
  }
  const Node& version = place.tree->at(join_path(place.path, "PG_VERSION"));
  if (!self.info.user.empty() && self.info.user != fmt::format("{}:{}", version.uid, version.gid)) {
    return fail(fmt::format("FATAL:  data directory \"{}\" has wrong ownership", data));
  }
  put_file(*place.tree, join_path(place.path, "postmaster.pid"), "1\n", 0600, version.uid, version.gid,
           engine.now());
  set_control_state(*place.tree, place.path, is_standby ? "in archive recovery" : "in production",
                    engine.now());
  if (!is_standby) log_line(*place.tree, place.path, "started", engine.now());
  self.server = ServerProcess{.data = data, .fsync = fsync};
  return {
      .exit_code = std::nullopt, .out = {}, .err = "LOG:  database system is ready to accept connections\n"};
}

void shut_down_server(SimulatedEngine& engine, SimulatedContainer& self) {
  const auto place = engine.resolve(self, self.server->data);
  if (!exists(*place.tree, join_path(place.path, "PG_VERSION"))) {
    engine.violations.push_back("data vanished under a running server: " + self.info.name);
    return;
  }
  const bool is_standby = exists(*place.tree, join_path(place.path, "standby.signal"));
  if (!is_standby) log_line(*place.tree, place.path, "shut down", engine.now());
  set_control_state(*place.tree, place.path, is_standby ? "shut down in recovery" : "shut down",
                    engine.now());
  send_shutdown(engine, self);
  place.tree->erase(join_path(place.path, "postmaster.pid"));
}

// With fsync off a crash may leave anything behind: here it leaves half of each file.
void kill_server(SimulatedEngine& engine, SimulatedContainer& self) {
  const auto place = engine.resolve(self, self.server->data);
  if (self.server->fsync) return;
  for (const std::string& path : below(*place.tree, join_path(place.path, "base"))) {
    Node& node = place.tree->at(path);
    node.content.resize(node.content.size() / 2);
  }
}

}  // namespace pgupgrade::test
