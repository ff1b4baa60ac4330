// What must be true of a scene after a success, after a rollback, and at any instant between.
#include <fmt/format.h>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"
#include "support/world/scene.hpp"

namespace pgupgrade::test {
namespace {

std::string within(const Mount& mount, const std::string& path) {
  return path == mount.target ? "." : path.substr(mount.target.size() + 1);
}

std::vector<backup::Entry> entries_of(const Tree& tree) {
  std::vector<backup::Entry> entries;
  for (const auto& [path, node] : tree) {
    backup::Entry entry{
        .path = path, .mode = node.mode, .uid = node.uid, .gid = node.gid, .mtime = node.mtime};
    switch (node.kind) {
      case Node::Kind::directory:
        entry.kind = backup::Entry::Kind::directory;
        break;
      case Node::Kind::link:
        entry.kind = backup::Entry::Kind::symbolic_link;
        entry.link = node.link;
        break;
      case Node::Kind::file:
        entry.size = static_cast<std::int64_t>(node.content.size());
        entry.sha256 = sha256_hex(node.content);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// A server that runs once more changes these, and nothing that a user could miss.
bool is_servers_own(const std::string& path) {
  return path.ends_with("global/pg_control") || path.ends_with("pg_wal/000000010000000000000001") ||
         path.ends_with("postmaster.pid");
}

bool complete_in_volume(const Tree& tree, const Tree* when_stopped, const std::string& directory,
                        const Cluster& original) {
  const auto cluster = read_cluster(tree, directory);
  if (version_of(tree, directory) != 15 || !cluster || !cluster->same_content(original)) return false;
  if (when_stopped == nullptr) return true;
  for (const auto& [path, node] : *when_stopped) {
    if (is_servers_own(path) || path == ".") continue;
    const auto found = tree.find(path);
    if (found == tree.end() || found->second != node) return false;
  }
  return true;
}

// What is below `directory`, by names relative to it.
Tree part_of(const Tree& tree, const std::string& directory) {
  Tree part;
  if (exists(tree, directory)) part["."] = tree.at(directory);
  for (const std::string& path : below(tree, directory))
    part[path.substr(directory.size() + 1)] = tree.at(path);
  return part;
}

bool complete_in_backup(const upgrade::Journal& journal, const TargetPlan& target, const Tree& when_stopped) {
  const upgrade::RunFiles& files = journal.files();
  try {
    const std::string text = read_file(files.manifest(target.service));
    const auto manifest = backup::parse_manifest(text);
    backup::verify_archive(files.archive(target.service), manifest, {});
    return journal.target(target.service).backup.manifest_sha256 == sha256_hex(text) &&
           journal.datum("verify-backup", target.service + ".verified_sha256") == manifest.archive_sha256 &&
           backup::compare(entries_of(when_stopped), manifest).empty();
  } catch (const Error&) {
    return false;
  }
}

// Alone, or with all others.
bool is_going_back(const Scene& scene, const TargetPlan& target) {
  const auto journal = upgrade::Journal::open_file(scene.state_file());
  return journal.state().direction == Direction::back ||
         journal.target(target.service).given_up == GivenUp::going_back;
}

}  // namespace

void Scene::watch(const std::string& place) {
  const auto freeze = [&] {
    for (const ClientFacts& client : plan.clients) {
      engine.frozen.insert(client.container_name);
      const SimulatedContainer* container = engine.find(client.container_name);
      if (container != nullptr && container->info.running()) {
        engine.violations.push_back(place + ": client runs: " + client.container_name);
      }
    }
  };
  if (place == "freeze:after-action" || place == "thaw:undo-after-action") freeze();
  if (place == "start:after-action" || place == "freeze:undo-before-record") engine.frozen.clear();
  if (place == "compare-rows:new-rows-read") ran_again_ = true;
  if (place != "stop-old:data-back") return;
  for (const TargetPlan& target : plan.targets) {
    const auto stopped = when_stopped.find(target.data_mount.source);
    const SimulatedContainer* old = engine.find(target.container_id);
    const SimulatedContainer* now = engine.find(target.container_name);
    const bool runs = (old != nullptr && old->info.running()) || (now != nullptr && now->info.running());
    // What has no backup is as the server that took the dump has left it.
    const bool ran_once_more =
        ran_again_ || target.keeps_old || (plan.backup == Backup::aside && !target.aside.copied);
    if (runs || stopped == when_stopped.end() || ran_once_more || !is_going_back(*this, target)) continue;
    unequal_ += tree_differences(stopped->second, engine.volume(target.data_mount.source).tree);
  }
}

std::string Scene::wrong_with_clients() {
  std::string wrong;
  for (const ClientFacts& client : plan.clients) {
    const auto& info = engine.at(client.container_name).info;
    if (info.running() != client.running)
      wrong += client.container_name + (client.running ? " does not run\n" : " runs\n");
    if (info.restart != client.restart)
      wrong += client.container_name + " has policy " + info.restart.name + "\n";
  }
  return wrong;
}

std::string Scene::wrong_with_remains() {
  std::string wrong;
  for (const std::string& violation : engine.violations) wrong += violation + "\n";
  for (const auto& container : engine.list_containers({.labels = {{"pgupgrade.run", ""}}})) {
    wrong += "left behind: " + container.name + "\n";
  }
  for (const auto& container : engine.list_containers({})) {
    const bool kept = container.id == plan.targets.front().container_id;
    if (container.name.find("-pgupgrade-") != std::string::npos && !kept)
      wrong += "left behind: " + container.name + "\n";
  }
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.path().filename().string().starts_with("pgupgrade-"))
      wrong += "left behind: " + entry.path().string() + "\n";
  }
  for (const TargetPlan& target : plan.targets) {
    const auto& info = engine.at(target.container_name).info;
    if (!info.running()) wrong += target.container_name + " does not run\n";
    if (info.restart != target.restart)
      wrong += target.container_name + " has policy " + info.restart.name + "\n";
  }
  return wrong;
}

std::string Scene::wrong_with_upgraded(std::size_t index) {
  std::string wrong;
  const TargetPlan& target = plan.targets[index];
  SimulatedContainer& now = engine.at(target.container_name);
  const auto place = engine.resolve(now, target.new_pgdata);
  const auto cluster = read_cluster(*place.tree, place.path);
  if (now.info.image_reference != target.new_image)
    wrong += target.service + " has image " + now.info.image_reference + "\n";
  if (version_of(*place.tree, place.path) != target.new_major)
    wrong += target.service + " has another version\n";
  if (!cluster || !cluster->same_content(original[index])) wrong += target.service + " has other content\n";
  if (cluster && cluster->grants.size() != target.role_grants.size())
    wrong += target.service + " lacks a grant\n";
  if (cluster && !cluster->analyzed) wrong += target.service + " has no statistics\n";
  for (const RolePlan& role : target.roles) {
    const bool md5 = cluster && cluster->roles.at(role.role).starts_with("md5");
    if (md5 && role.action == PasswordAction::to_scram) wrong += role.role + " has md5\n";
  }
  const auto carried = place.tree->find(join_path(place.path, "certificates/server.key"));
  if (carried == place.tree->end() || carried->second.content != "a key")
    wrong += "the certificate's key is not carried\n";
  const auto conf = place.tree->find(join_path(place.path, "postgresql.conf"));
  if (conf == place.tree->end() || conf->second.content.find("max_connections = '250'") == std::string::npos)
    wrong += "max_connections is not carried\n";
  return wrong;
}

std::string Scene::wrong_with_old(std::size_t index) {
  std::string wrong;
  const TargetPlan& target = plan.targets[index];
  SimulatedContainer& now = engine.at(target.container_name);
  const auto place = engine.resolve(now, target.old_pgdata);
  const auto stopped = when_stopped.find(target.data_mount.source);
  if (now.info.image_id != target.old_image_id) wrong += target.service + " has another image\n";
  if (options_.plain && !old_container_removed && now.info.id != target.container_id)
    wrong += target.service + " is another container\n";
  // Where it stayed beside the new one, the server that took the dump has written to it.
  const bool to_the_byte = stopped != when_stopped.end() && !target.keeps_old;
  if (!complete_in_volume(*place.tree, to_the_byte ? &stopped->second : nullptr, place.path,
                          original[index])) {
    wrong += target.service + " has not its old data\n";
  }
  if (engine.volumes.contains("pgupgrade-" + plan.run_id + "-" + target.service + "-dump"))
    wrong += "the dump is left\n";
  if (target.keeps_old &&
      exists(engine.volume(target.data_mount.source).tree, within(target.data_mount, target.new_pgdata)))
    wrong += "the new directory is left\n";
  if (engine.volumes.contains(target.aside.mount.source)) wrong += "the place aside is left\n";
  return wrong;
}

std::string Scene::wrong_after_success() {
  std::string wrong = wrong_with_clients() + wrong_with_remains() + unequal_;
  if (read_file(compose_file()) != compose_after_success()) wrong += "the Compose file is not as edited\n";
  for (std::size_t index = 0; index < plan.targets.size(); ++index)
    wrong +=
        given_up.contains(plan.targets[index].service) ? wrong_with_old(index) : wrong_with_upgraded(index);
  return wrong;
}

std::string Scene::wrong_after_rollback() {
  std::string wrong = wrong_with_clients() + wrong_with_remains() + unequal_;
  if (read_file(compose_file()) != original_compose) wrong += "the Compose file is not the original\n";
  for (std::size_t index = 0; index < plan.targets.size(); ++index) wrong += wrong_with_old(index);
  return wrong;
}

// I1: the old data is complete in the volume or in a verified backup. I3: no client runs while frozen.
// I4: never two servers on one data directory, never a client started while frozen.
std::string Scene::wrong_at_crash() {
  std::string wrong;
  for (const std::string& violation : engine.violations) wrong += violation + "\n";
  for (const std::string& client : engine.frozen) {
    if (engine.at(client).info.running()) wrong += "client runs: " + client + "\n";
  }
  if (!std::filesystem::exists(state_file())) return wrong;
  const auto journal = upgrade::Journal::open_file(state_file());
  for (std::size_t index = 0; index < plan.targets.size(); ++index) {
    const TargetPlan& target = plan.targets[index];
    const auto stopped = when_stopped.find(target.data_mount.source);
    const Tree* tree = stopped == when_stopped.end() ? nullptr : &stopped->second;
    const auto aside = engine.volumes.find(target.aside.mount.source);
    const bool safe = (aside != engine.volumes.end() &&
                       complete_in_volume(part_of(aside->second.tree, "new"), tree,
                                          within(target.data_mount, target.old_pgdata), original[index])) ||
                      complete_in_volume(engine.volume(target.data_mount.source).tree, tree,
                                         within(target.data_mount, target.old_pgdata), original[index]) ||
                      (tree != nullptr && complete_in_backup(journal, target, *tree));
    if (!safe) wrong += "the old data of " + target.service + " is complete nowhere\n";
  }
  return wrong;
}

}  // namespace pgupgrade::test
