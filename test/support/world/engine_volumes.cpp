// The simulated engine's volumes and images.
#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "support/world/engine.hpp"

namespace pgupgrade::test {
namespace {

[[noreturn]] void refuse(Code code, const std::string& text) {
  throw Error(ErrorKind::failed, code, text);
}

}  // namespace

bool has_labels(const std::map<std::string, std::string>& wanted,
                const std::map<std::string, std::string>& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& entry) {
    const auto found = labels.find(entry.first);
    return found != labels.end() && (entry.second.empty() || found->second == entry.second);
  });
}

std::optional<docker::VolumeInfo> SimulatedEngine::inspect_volume(const std::string& name) {
  const auto found = volumes.find(name);
  return found == volumes.end() ? std::nullopt : std::optional(found->second.info);
}

void SimulatedEngine::create_volume(const docker::VolumeSpec& spec) {
  if (volumes.contains(spec.name)) return;
  clock_.pause(std::chrono::milliseconds(1));
  volumes[spec.name] = {.info = {.name = spec.name,
                                 .driver = "local",
                                 .mount_point = fmt::format("{}/{}/_data", kVolumes, spec.name),
                                 .created_at = stamp(),
                                 .labels = spec.labels},
                        .tree = empty_tree()};
}

void SimulatedEngine::remove_volume(const std::string& name) {
  for (const auto& container : list_containers({.volume = name})) {
    refuse("E-ENGINE-CONFLICT",
           fmt::format("could not remove volume {}: in use by {}", name, container.name));
  }
  volumes.erase(name);
}

std::vector<docker::VolumeInfo> SimulatedEngine::list_volumes(
    const std::map<std::string, std::string>& labels) {
  std::vector<docker::VolumeInfo> result;
  for (const auto& [name, volume] : volumes) {
    if (has_labels(labels, volume.info.labels)) result.push_back(volume.info);
  }
  return result;
}

std::optional<docker::ImageInfo> SimulatedEngine::inspect_image(const std::string& reference) {
  const auto tag = tags.find(reference);
  const auto found = images.find(tag == tags.end() ? reference : tag->second);
  return found == images.end() ? std::nullopt : std::optional(found->second.info);
}

void SimulatedEngine::pull_image(const std::string& reference,
                                 const std::function<void(const docker::PullProgress&)>& progress) {
  const auto found = registry.find(reference);
  if (found == registry.end()) refuse("E-PULL", fmt::format("could not pull {}: not found", reference));
  if (progress) progress({.status = "Downloading", .layer = "layer", .current_bytes = 1, .total_bytes = 2});
  add_image(reference, found->second);
}

// What is mounted, and where: what a test asks of it.
std::string SimulatedEngine::run_line(const std::string& other, const std::string& name,
                                      const docker::ContainerChanges& changes) {
  std::string line = "docker run --detach --name " + name;
  for (const Mount& mount : at(other).info.mounts) {
    const auto moved = changes.mount_targets.find(mount.target);
    line += " --volume " + mount.source + ":" +
            (moved == changes.mount_targets.end() ? mount.target : moved->second);
  }
  return line + " " + changes.image;
}

bool SimulatedEngine::has_name(const std::string& name) const {
  return std::any_of(containers.begin(), containers.end(),
                     [&](const auto& entry) { return entry.second.info.name == name; });
}

void SimulatedEngine::rename_container(const std::string& container, const std::string& name) {
  if (has_name(name))
    refuse("E-ENGINE-CONFLICT", fmt::format("could not rename container {}: {} is in use", container, name));
  at(container).info.name = name;
}

}  // namespace pgupgrade::test
