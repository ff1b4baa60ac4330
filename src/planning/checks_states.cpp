// States in which a service's data is not what its image and mounts say.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/data_directory.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"
#include "planning/states.hpp"

namespace pgupgrade::planning {

namespace {

constexpr int kFirstVersionedLayout = 18;
constexpr const char* kOfficialHome = "/var/lib/postgresql";

// Where the official image of that version keeps its data.
std::string usual_directory(int major) {
  return major < kFirstVersionedLayout ? fmt::format("{}/data", kOfficialHome)
                                       : fmt::format("{}/{}/docker", kOfficialHome, major);
}

// Where the service would look for this cluster with an image of its version.
bool is_looked_for(const ServiceFacts& service, const UnusedCluster& cluster) {
  const std::string path = clean_path(cluster.path);
  if (service.declares_pgdata) return path == clean_path(service.pgdata);
  return path == usual_directory(cluster.major) || path == clean_path(service.pgdata);
}

// What the image says of itself counts for more than its tag; but the files may name another by now.
int major_of_image(const ServiceFacts& service, int data) {
  constexpr int kOldest = 7;
  if (service.image_major != 0 && service.image_major != data) return service.image_major;
  const auto image = parse_image_reference(service.compose_image);
  const auto named = image ? major_in_tag(image->tag) : std::nullopt;
  return named && *named >= kOldest ? *named : service.image_major;
}

std::optional<BumpedImage> bumped(const ServiceFacts& service, int data, const std::optional<Mount>& mount,
                                  const std::string& path) {
  // One that runs on its data has been started otherwise than the files say.
  if (service.running && service.image_major == data) return std::nullopt;
  const int image = major_of_image(service, data);
  if (image == 0 || image == data) return std::nullopt;
  return BumpedImage{
      .image_major = image, .data_major = data, .mount = mount.value_or(Mount{}), .path = path};
}

std::string change_back(const ServiceFacts& service, const BumpedImage& state) {
  std::vector<std::string> places;
  for (const FileEdit& edit : service.back_edits)
    places.push_back(fmt::format("{}:{} \"{}\" to \"{}\"",
                                 printable(std::filesystem::path(edit.file).filename().string()), edit.line,
                                 printable(edit.old_text), printable(edit.new_text)));
  if (!places.empty()) return "change " + join(places, ", ");
  const std::string image =
      service.old_image.empty() ? fmt::format("one of PostgreSQL {}", state.data_major) : service.old_image;
  return "set the image back to " + printable(image);
}

bool names_its_version(const UnusedCluster& cluster) {
  const std::filesystem::path path(clean_path(cluster.path));
  const std::string major = std::to_string(cluster.major);
  return path.filename() == major || path.parent_path().filename() == major;
}

bool has_no_tables(const ServiceFacts& service) {
  return service.inventory &&
         std::all_of(service.inventory->databases.begin(), service.inventory->databases.end(),
                     [](const DatabaseFacts& database) { return database.tables == 0; });
}

// A copy somewhere on a mount for backups is none that was forgotten.
bool is_where_data_is_kept(const ServiceFacts& service, const UnusedCluster& cluster) {
  const std::string path = clean_path(cluster.path);
  const std::string root = clean_path(cluster.mount.target);
  const auto used = mount_of(service.mounts, service.pgdata);
  return path == root || path == root + "/data" || path == root + "/pgdata" ||
         is_within(path, kOfficialHome) || (used && used->source == cluster.mount.source);
}

bool is_forgotten(const ServiceFacts& service, const UnusedCluster& cluster, int used) {
  if (used == 0) return !service.container_id.empty() || !is_looked_for(service, cluster);
  // An upgrade may have left the old cluster beside the one in use.
  if (names_its_version(cluster) && !has_no_tables(service)) return false;
  return cluster.major < used && is_where_data_is_kept(service, cluster);
}

}  // namespace

int data_major(const ServiceFacts& service) {
  return service.inventory ? service.inventory->major() : service.pg_version_file;
}

std::optional<BumpedImage> bumped_image(const ServiceFacts& service) {
  if (service.inventory) return std::nullopt;
  if (service.pg_version_file != 0)
    return bumped(service, service.pg_version_file, mount_of(service.mounts, service.pgdata),
                  clean_path(service.pgdata));
  for (const UnusedCluster& cluster : service.unused_clusters) {
    if (!is_looked_for(service, cluster)) continue;
    if (auto found = bumped(service, cluster.major, cluster.mount, clean_path(cluster.path))) return found;
  }
  return std::nullopt;
}

const UnusedCluster* forgotten_cluster(const ServiceFacts& service) {
  const int used = data_major(service);
  const auto& clusters = service.unused_clusters;
  const auto found = std::find_if(clusters.begin(), clusters.end(), [&](const UnusedCluster& cluster) {
    return is_forgotten(service, cluster, used);
  });
  return found == clusters.end() ? nullptr : &*found;
}

Diagnostic image_bumped(const ServiceFacts& service, const BumpedImage& state, int target_major) {
  const std::string target = target_major == 0 ? "MAJOR" : std::to_string(target_major);
  const std::string by_hand =
      fmt::format("{}, start it with \"{}\"", change_back(service, state), start_command(service));
  std::string hint = by_hand;
  if (service.plain_container)
    hint = fmt::format("remove it, make one like it of an image of PostgreSQL {}, and run pgupgrade again",
                       state.data_major);
  else if (target_major == 0 || target_major > state.data_major)
    hint = fmt::format(
        "\"pgupgrade --to {} --old-image {}\" starts it on {} and upgrades it from there; or {}, and run "
        "pgupgrade again: it changes the image itself",
        target, service.old_image.empty() ? "IMAGE" : printable(shell_word(service.old_image)),
        service.old_image.empty() ? fmt::format("an image of PostgreSQL {}", state.data_major) : "that image",
        by_hand);
  return {.severity = Severity::error,
          .code = "E-TAG-BUMPED",
          .message = fmt::format(
              "{} cannot start: its data (in the {} at {}) is of PostgreSQL {}, but its image {} is of "
              "PostgreSQL {}",
              service_name(service), mount_name(state.mount), printable(state.path), state.data_major,
              printable(service.compose_image), state.image_major),
          .hint = hint};
}

Diagnostic unused_data(const ServiceFacts& service, const UnusedCluster& cluster) {
  const int used = data_major(service);
  std::string uses = "it has no cluster where it looks for one";
  if (service.container_id.empty()) uses = "it has no container, and a new one would not find it";
  if (used != 0) uses = fmt::format("it uses one of PostgreSQL {} at {}", used, printable(service.pgdata));
  if (used != 0 && has_no_tables(service)) uses += ", which has no tables";
  return {.severity = Severity::error,
          .code = "E-DATA-UNUSED",
          .message = fmt::format("{} does not use the cluster of PostgreSQL {} in its {} (at {}): {}",
                                 service_name(service), cluster.major, mount_name(cluster.mount),
                                 printable(cluster.path), uses),
          .hint = fmt::format(
              "stop it, set its image back to PostgreSQL {0} with PGDATA {1}, start it, make sure "
              "that its data is there, and run pgupgrade again: it changes the image itself",
              cluster.major, printable(cluster.path))};
}

Diagnostic anonymous_data(const ServiceFacts& service, const Mount& data) {
  // Made again from its inspection, it has the volume by its name.
  if (service.plain_container)
    return {
        .severity = Severity::warning,
        .code = "W-ANONYMOUS-VOLUME",
        .message = fmt::format("the data of {} is on the anonymous volume {}, which the new container mounts "
                               "by its name",
                               service_name(service), data.source),
        .hint = "nothing says what it is for: copy it to a named volume when you next make the container"};
  std::string beside;
  for (const Mount& mount : service.mounts) {
    if (mount == data || mount.kind == MountKind::tmpfs || is_anonymous(mount) ||
        (!is_within(mount.target, kOfficialHome) && !is_within(data.target, mount.target) &&
         !is_within(mount.target, data.target)))
      continue;
    const auto& clusters = service.unused_clusters;
    const auto held = std::find_if(clusters.begin(), clusters.end(), [&](const UnusedCluster& cluster) {
      return cluster.mount.source == mount.source;
    });
    beside +=
        fmt::format("; its {} at {} has {}", mount_name(mount), printable(mount.target),
                    held == clusters.end() ? "no cluster" : fmt::format("one of PostgreSQL {}", held->major));
  }
  return {
      .severity = Severity::error,
      .code = "E-ANONYMOUS-VOLUME",
      .message = fmt::format("the data of {} is on an anonymous volume at {}, which a new container would "
                             "not reuse{}",
                             service_name(service), printable(data.target), beside),
      .hint = fmt::format("stop the service, copy the volume {} to a named one that is empty, and mount "
                          "that at {}",
                          data.source, printable(data.target))};
}

Diagnostics check_state(const ServiceFacts& service) {
  if (const auto state = bumped_image(service)) return {image_bumped(service, *state, 0)};
  Diagnostics result;
  if (const UnusedCluster* cluster = forgotten_cluster(service))
    result.push_back(unused_data(service, *cluster));
  const auto data = mount_of(service.mounts, service.pgdata);
  if (data && is_anonymous(*data) && data_major(service) != 0)
    result.push_back(anonymous_data(service, *data));
  return result;
}

}  // namespace pgupgrade::planning
