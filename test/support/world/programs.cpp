#include "support/world/programs.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "support/world/cluster.hpp"

namespace pgupgrade::test {
namespace {

using Argv = std::vector<std::string>;

Outcome not_there(const std::string& program) {
  return {.exit_code = 127, .out = {}, .err = "not found: " + program + "\n", .not_there = true};
}

Outcome stat_owner(SimulatedEngine& engine, SimulatedContainer& self, const std::string& path) {
  const auto place = engine.resolve(self, path);
  if (!exists(*place.tree, place.path)) return {.exit_code = 1, .out = {}, .err = "stat: no " + path + "\n"};
  const Node& node = place.tree->at(place.path);
  return {.exit_code = 0, .out = fmt::format("{}:{}\n", node.uid, node.gid), .err = {}};
}

Outcome chmod(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, argv.at(2));
  if (!exists(*place.tree, place.path))
    return {.exit_code = 1, .out = {}, .err = "chmod: no " + argv.at(2) + "\n"};
  place.tree->at(place.path).mode = static_cast<unsigned>(std::stoul(argv.at(1), nullptr, 8));
  return {.exit_code = 0, .out = {}, .err = {}};
}

// A bind mount of a directory that really exists shows its real files.
Outcome cat(SimulatedEngine& engine, SimulatedContainer& self, const std::string& path) {
  const auto place = engine.resolve(self, path);
  if (exists(*place.tree, place.path))
    return {.exit_code = 0, .out = place.tree->at(place.path).content, .err = {}};
  for (const Mount& mount : self.info.mounts) {
    if (engine.is_remote || mount.kind != MountKind::bind || !path.starts_with(mount.target + "/")) continue;
    if (const auto content = read_file_if_present(mount.source + path.substr(mount.target.size()))) {
      return {.exit_code = 0, .out = *content, .err = {}};
    }
  }
  return {.exit_code = 1, .out = {}, .err = "cat: no " + path + "\n"};
}

Outcome control_data(SimulatedEngine& engine, SimulatedContainer& self, const std::string& path) {
  const auto place = engine.resolve(self, path);
  const auto found = place.tree->find(join_path(place.path, "global/pg_control"));
  if (found == place.tree->end())
    return {.exit_code = 1, .out = {}, .err = "pg_controldata: no control file\n"};
  std::size_t rows = 0;  // each of them took a transaction
  if (const auto cluster = read_cluster(*place.tree, place.path))
    for (const auto& [database, content] : cluster->databases)
      for (const auto& [table, own] : content.tables) rows += own.size();
  const std::string next = fmt::format(
      "\nLatest checkpoint's NextXID:          0:{}\nLatest checkpoint location:           0/{:X}\nDatabase "
      "system "
      "identifier:           7000{}\n",
      700 + rows, checkpoint_of(*place.tree, place.path), version_of(*place.tree, place.path));
  return {.exit_code = 0, .out = found->second.content + next, .err = {}};
}

// A work server: "-D DIR", and "fsync=off" among its settings or not.
Outcome postgres(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  if (engine.image_of(self).major == 0) return not_there("postgres");
  bool fsync = true;
  std::string data;
  for (std::size_t index = 1; index + 1 < argv.size(); ++index) {
    if (argv[index] == "-D") data = argv[index + 1];
    if (argv[index] == "-c" && argv[index + 1] == "fsync=off") fsync = false;
  }
  return start_server(engine, self, data, fsync, WhenEmpty::refuse);
}

}  // namespace

Outcome run_program(SimulatedEngine& engine, SimulatedContainer& self) {
  Argv argv = self.info.entrypoint;
  argv.insert(argv.end(), self.info.command.begin(), self.info.command.end());
  return run_program(engine, self, argv);
}

Outcome run_program(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const std::string& program = argv.front();
  if (program == "docker-entrypoint.sh") {
    return start_server(engine, self, data_directory_of(self), true, WhenEmpty::initialise);
  }
  if (program == "app" || program == "sleep" || program == "/pgupgrade-forward") return {};
  if (program == "postgres") return postgres(engine, self, argv);
  if (program == "true") return {.exit_code = 0, .out = {}, .err = {}};
  if (program == "stat") return stat_owner(engine, self, argv.back());
  if (program == "chmod") return chmod(engine, self, argv);
  if (program == "cat") return cat(engine, self, argv.back());
  if (program == "pg_controldata") return control_data(engine, self, argv.back());
  if (program == "sh") return run_script(engine, self, argv);
  if (auto outcome = run_exchange(engine, self, argv)) return *outcome;
  if (auto outcome = run_client_program(engine, self, argv)) return *outcome;
  return not_there(program);
}

}  // namespace pgupgrade::test
