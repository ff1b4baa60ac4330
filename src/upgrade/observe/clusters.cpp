// Clusters on the mounts of a service that it does not use: where the data is when it is not where the server
// looks.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlace = "/pgupgrade/look/";

// Deep enough for data/18/docker. The databases' own directories have such files, too.
constexpr const char* kScript =
    "command -v find >/dev/null || exit 1; "
    "for place in \"$@\"; do find \"$place\" -xdev -maxdepth 4 \\( -name base -o -name pg_wal \\) -prune "
    "-o -type f -name PG_VERSION -exec sh -c 'for file; do printf \"%s\\t%s\\n\" \"${file%/PG_VERSION}\" "
    "\"$(head -c 8 \"$file\")\"; "
    "done' sh {} +; done; echo end";

bool is_there(const Mount& mount) {
  std::error_code ignored;
  return mount.kind != MountKind::bind || fs::is_directory(mount.source, ignored);
}

// One that the Compose file has and the container has not.
std::optional<Mount> declared_mount(World& world, const compose::Project& project,
                                    const compose::ServiceMount& declared) {
  Mount mount{.source = declared.source, .target = declared.target};
  if (declared.type == "bind") {
    mount.kind = MountKind::bind;
    return is_there(mount) ? std::optional(mount) : std::nullopt;
  }
  const auto volume = project.volumes.find(declared.source);
  if (declared.type != "volume" || volume == project.volumes.end()) return std::nullopt;
  mount.kind = MountKind::volume;
  mount.source = volume->second;
  return world.engine.inspect_volume(mount.source) ? std::optional(mount) : std::nullopt;
}

std::vector<Mount> mounts_to_look_at(World& world, const ServiceFacts& facts, const compose::Project& project,
                                     const compose::Service& declared) {
  std::vector<Mount> mounts;
  for (const Mount& mount : facts.mounts)
    if (mount.kind != MountKind::tmpfs && mount.subpath.empty() && is_there(mount)) mounts.push_back(mount);
  for (const compose::ServiceMount& entry : declared.mounts) {
    const auto mount = declared_mount(world, project, entry);
    const bool known = mount && std::any_of(mounts.begin(), mounts.end(), [&](const Mount& other) {
                         return other.kind == mount->kind && other.source == mount->source;
                       });
    if (mount && !known) mounts.push_back(*mount);
  }
  return mounts;
}

// Any that is here: a shell and find are in all of them.
std::string image_to_look_with(World& world, const ServiceFacts& facts) {
  for (const std::string& candidate : {facts.image_id, facts.compose_image, facts.new_image}) {
    if (candidate.empty()) continue;
    if (const auto image = world.engine.inspect_image(candidate)) return image->id;
  }
  return {};
}

void take(ServiceFacts& facts, const std::vector<Mount>& mounts, const std::string& line) {
  const auto tab = line.find('\t');
  if (!line.starts_with(kPlace) || tab == std::string::npos) return;
  const std::string place =
      line.substr(std::string_view(kPlace).size(), tab - std::string_view(kPlace).size());
  std::size_t index = 0;
  int major = 0;
  const auto number = std::from_chars(place.data(), place.data() + place.size(), index);
  std::from_chars(line.data() + tab + 1, line.data() + line.size(), major);
  if (number.ec != std::errc() || index >= mounts.size() || major == 0) return;
  const std::string below(number.ptr, place.data() + place.size());
  const std::string path = planning::clean_path(mounts[index].target + below);
  // Another mount may hide what lies there from the container.
  const auto seen = planning::mount_of(facts.mounts, path);
  if (path == planning::clean_path(facts.pgdata) && seen && *seen == mounts[index]) return;
  if (facts.inventory && path == planning::clean_path(facts.inventory->data_directory) && seen &&
      *seen == mounts[index])
    return;
  facts.unused_clusters.push_back({.mount = mounts[index], .path = path, .major = major});
}

}  // namespace

void observe_other_clusters(ServiceFacts& facts, World& world, const compose::Project& project) {
  const std::vector<Mount> mounts =
      mounts_to_look_at(world, facts, project, project.services.at(facts.service));
  const std::string image = image_to_look_with(world, facts);
  if (mounts.empty()) facts.lone_volume.clear();
  if (mounts.empty() || image.empty()) return;
  WorkSpec spec{.run = kObservation + random_hex(4),
                .service = facts.service,
                .purpose = "clusters",
                .image = image,
                .argv = {"sh", "-c", kScript, "sh"},
                .last_line = "end"};
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    Mount mount = mounts[index];
    mount.target = kPlace + std::to_string(index);
    mount.read_only = true;
    spec.mounts.push_back(mount);
    spec.argv.push_back(mount.target);
  }
  const WorkResult result =
      run_work_checked(world, spec, "E-LOOK", "look for clusters on the mounts of service " + facts.service);
  for (const std::string& line : split_lines(result.standard_output)) take(facts, mounts, line);
  facts.lone_volume.clear();
  if (facts.container_id.empty() && !facts.unused_clusters.empty()) {
    const Mount& mount = facts.unused_clusters.front().mount;
    facts.lone_volume = data_name(mount);
  }
}

}  // namespace pgupgrade::upgrade
