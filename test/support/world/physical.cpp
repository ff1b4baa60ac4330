// Physical copies in miniature: a copy of a running server, the standby that follows it, pg_upgrade, and two
// directories that change places. Scripts are recognised by their purpose and the words that do the work.
#include <fmt/format.h>

#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

using Argv = std::vector<std::string>;

constexpr const char* kWal = "pg_wal/000000010000000000000001";

Outcome done(const std::string& out = {}) {
  return {.exit_code = 0, .out = out, .err = {}};
}

Outcome fail(const std::string& text) {
  return {.exit_code = 1, .out = {}, .err = text + "\n"};
}

SimulatedContainer* primary_of(SimulatedEngine& engine, const SimulatedContainer& self) {
  const std::string& network = self.info.network_mode;
  SimulatedContainer* primary = network.starts_with("container:")
                                    ? engine.find(network.substr(std::string("container:").size()))
                                    : nullptr;
  return primary != nullptr && primary->server ? primary : nullptr;
}

// What has the name `path` and what is below it, with names relative to it.
Tree subtree(const Tree& tree, const std::string& path) {
  Tree part;
  part["."] = tree.at(path);
  for (const std::string& name : below(tree, path))
    part[path == "." ? name : name.substr(path.size() + 1)] = tree.at(name);
  return part;
}

void replace_subtree(Tree& tree, const std::string& path, const Tree& part) {
  clear_below(tree, path);
  for (const auto& [name, node] : part) tree[name == "." ? path : join_path(path, name)] = node;
}

Outcome copy(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const SimulatedContainer* primary = primary_of(engine, self);
  if (primary == nullptr) return fail("pg_basebackup: error: connection to server at \"127.0.0.1\" failed");
  const auto from = engine.resolve(*engine.find(primary->info.id), primary->server->data);
  const auto to = engine.resolve(self, argv.at(4));
  const Node root = to.tree->at(to.path);
  Tree part = subtree(*from.tree, from.path);
  part.erase("postmaster.pid");
  part["standby.signal"] = part.at("PG_VERSION");
  part["."] = root;
  replace_subtree(*to.tree, to.path, part);
  return {.exit_code = std::nullopt, .out = "copied\n", .err = {}};  // and keeps its slot
}

Outcome copy_old(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto from = engine.resolve(self, argv.at(4));
  const auto to = engine.resolve(self, argv.at(5));
  replace_subtree(*to.tree, to.path, subtree(*from.tree, from.path));
  return done();
}

Outcome remove_copy(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, argv.at(4));
  clear_below(*place.tree, place.path);
  return done();
}

Outcome make_aside(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto data = engine.resolve(self, argv.at(4));
  const auto place = engine.resolve(self, argv.at(5));
  for (const std::string& path : below(*data.tree, data.path))
    if (!argv.at(6).empty() && parent_path(path) == data.path && path != join_path(data.path, argv.at(6)))
      return {.exit_code = 3, .out = "it holds more than the data directory: " + path + "\n", .err = {}};
  const std::string old_place = join_path(place.path, "new/" + argv.at(7));
  if (version_of(*place.tree, argv.at(7) == "." ? join_path(place.path, "new") : old_place) ==
      std::stoi(argv.at(11)))
    return {.exit_code = 3, .out = "the old data is in the place beside it\n", .err = {}};
  clear_below(*place.tree, place.path);
  std::vector<std::string> parts = {"new"};
  if (!argv.at(10).empty()) parts.insert(parts.end(), {"copy", "programs", "scratch"});
  for (const std::string& part : parts)
    put_directory(*place.tree, join_path(place.path, part), 0700, 999, 999, engine.now());
  const Node& root = data.tree->at(data.path);
  put_directory(*place.tree, join_path(place.path, "new"), root.mode, root.uid, root.gid, engine.now());
  return done();
}

Outcome places(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  std::string out;
  for (std::size_t index = 4; index < argv.size(); ++index) {
    const auto place = engine.resolve(self, argv[index]);
    out += fmt::format("{}\n", version_of(*place.tree, place.path));
  }
  return done(out + "end\n");
}

// Real ones are told by a file each.
Outcome unlogged(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, argv.at(4));
  const auto cluster = read_cluster(*place.tree, place.path);
  std::string out;
  if (cluster)
    for (const auto& [name, database] : cluster->databases)
      for (const std::string& table : database.unlogged)
        out += fmt::format("./base/{}/{}_init\n", name, table);
  return done(out + "end\n");
}

Outcome remove_aside(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, argv.at(4));
  clear_below(*place.tree, place.path);
  place.tree->erase(place.path);
  return done();
}

// A cut-off pg_upgrade has left the control file under another name.
Outcome prepare_copy(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto place = engine.resolve(self, argv.at(4));
  const std::string control = join_path(place.path, "global/pg_control");
  if (!exists(*place.tree, control)) {
    if (!exists(*place.tree, control + ".old")) return fail("mv: no " + control);
    (*place.tree)[control] = place.tree->at(control + ".old");
    place.tree->erase(control + ".old");
  }
  place.tree->erase(join_path(place.path, "standby.signal"));
  return done();
}

std::string option(const Argv& argv, const std::string& name) {
  for (const std::string& argument : argv)
    if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  return {};
}

Outcome check_upgrade(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto fresh = engine.resolve(self, option(argv, "--new-datadir"));
  if (version_of(*fresh.tree, fresh.path) != engine.image_of(self).major) return fail("no new cluster");
  for (const Mount& mount : self.info.mounts)
    if (mount.kind == MountKind::bind && engine.server_at(mount.source) != nullptr)
      return done("*Clusters are compatible*\n");
  return fail("could not connect to the source postmaster");
}

Outcome upgrade(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  const auto old = engine.resolve(self, option(argv, "--old-datadir"));
  const auto fresh = engine.resolve(self, option(argv, "--new-datadir"));
  if (control_state(*old.tree, old.path) != "shut down")
    return fail("The source cluster was not shut down cleanly");
  auto cluster = read_cluster(*old.tree, old.path);
  const auto made = read_cluster(*fresh.tree, fresh.path);
  if (!cluster || !made || version_of(*fresh.tree, fresh.path) != engine.image_of(self).major)
    return fail("no cluster");
  if (made->databases.size() != 2 || made->superuser != cluster->superuser)
    return fail("New cluster is not empty");
  cluster->settings_for_all_roles.clear();  // as pg_dumpall leaves them out
  cluster->analyzed = false;
  write_cluster(*fresh.tree, fresh.path, *cluster, engine.now());
  const std::string control = join_path(old.path, "global/pg_control");
  (*old.tree)[control + ".old"] = old.tree->at(control);
  old.tree->erase(control);
  return done();
}

struct Known {
  const char* words;
  Outcome (*run)(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv);
};

}  // namespace

void follow(SimulatedEngine& engine, SimulatedContainer& self) {
  SimulatedContainer* primary = primary_of(engine, self);
  if (primary == nullptr || !self.server) return;
  const auto to = engine.resolve(self, self.server->data);
  if (!exists(*to.tree, join_path(to.path, "standby.signal"))) return;
  const auto from = engine.resolve(*primary, primary->server->data);
  if (const auto cluster = read_cluster(*from.tree, from.path))
    write_cluster(*to.tree, to.path, *cluster, engine.now());
  to.tree->at(join_path(to.path, kWal)) = from.tree->at(join_path(from.path, kWal));
}

void send_shutdown(SimulatedEngine& engine, SimulatedContainer& primary) {
  for (auto& [id, container] : engine.containers)
    if (container.server && container.info.running() &&
        container.info.network_mode == "container:" + primary.info.id)
      follow(engine, container);
}

// The length of the WAL, but for the record of a shutdown at its end, which is the last checkpoint's.
std::size_t checkpoint_of(const Tree& tree, const std::string& directory) {
  constexpr std::string_view kShutdown = "shut down\n";
  const auto wal = tree.find(join_path(directory, kWal));
  if (wal == tree.end()) return 0;
  const std::string& content = wal->second.content;
  return content.ends_with(kShutdown) ? content.size() - kShutdown.size() : content.size();
}

std::size_t replayed_by(const Tree& tree, const std::string& directory) {
  const auto wal = tree.find(join_path(directory, kWal));
  return wal == tree.end() ? 0 : wal->second.content.size();
}

std::optional<Outcome> run_physical_script(SimulatedEngine& engine, SimulatedContainer& self,
                                           const std::string& purpose, const Argv& argv) {
  static const std::map<std::string, Known> kScripts = {
      {"make-aside", {"mkdir \"$2/new\"", make_aside}},
      {"remove-aside", {"rm -rf \"$1\"", remove_aside}},
      {"copy-old", {"cp -a $share \"$1/.\" \"$2/\"", copy_old}},
      {"remove-copy", {"find \"$1\" -mindepth 1 -delete", remove_copy}},
      {"unlogged", {"-name '[0-9]*_init'", unlogged}},
      {"places", {"cat \"$directory/PG_VERSION\"", places}},
      {"copy", {"pg_verifybackup --quiet \"$copy\"", copy}},
      {"old-programs",
       {"cp -L \"$bin/$program\"",
        [](SimulatedEngine&, SimulatedContainer&, const Argv&) { return done(); }}},
      {"try-programs",
       {"\"$programs/initdb\"", [](SimulatedEngine&, SimulatedContainer&, const Argv&) { return done(); }}},
      {"prepare-copy", {"pg_control.old", prepare_copy}},
      {"check-upgrade", {"pg_upgrade_output.d", check_upgrade}},
      {"pg-upgrade", {"pg_upgrade_output.d", upgrade}},
      {"inodes",
       {"find base -type f -exec stat",
        [](SimulatedEngine&, SimulatedContainer&, const Argv&) { return done("end\n"); }}},
  };
  const auto found = kScripts.find(purpose);
  if (found == kScripts.end() || argv.at(2).find(found->second.words) == std::string::npos)
    return std::nullopt;
  return found->second.run(engine, self, argv);
}

std::optional<Outcome> run_exchange(SimulatedEngine& engine, SimulatedContainer& self, const Argv& argv) {
  if (argv.front() != "/pgupgrade-exchange" || !exists(self.layer, "pgupgrade-exchange")) return std::nullopt;
  const auto first = engine.resolve(self, argv.at(1));
  const auto second = engine.resolve(self, argv.at(2));
  for (const auto& [id, other] : engine.containers) {
    if (!other.server || !other.info.running()) continue;
    const auto its = engine.resolve(engine.at(id), other.server->data);
    if (its.tree == first.tree)
      engine.violations.push_back("the data changed places under " + other.info.name);
  }
  if (!exists(*first.tree, first.path) || !exists(*second.tree, second.path))
    return Outcome{.exit_code = 2, .out = {}, .err = {}};
  const Tree here = subtree(*first.tree, first.path);
  replace_subtree(*first.tree, first.path, subtree(*second.tree, second.path));
  replace_subtree(*second.tree, second.path, here);
  // As the local driver tells it: by the last change of the volume's own directory.
  for (auto& [name, volume] : engine.volumes)
    if (&volume.tree == first.tree) volume.info.created_at += "+";
  return done();
}

}  // namespace pgupgrade::test
