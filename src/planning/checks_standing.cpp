#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

namespace {

constexpr int kOldestMajor = 10;

// The version that the data is of, 0 when there is none. The file PG_VERSION tells when no server does.
int data_major(const ServiceFacts& service) {
  return service.inventory ? service.inventory->major() : service.pg_version_file;
}

// The major version that the image's tag names, when it is not the data's: somebody bumped the tag, and the
// new server refuses the old data.
std::optional<int> bumped_major(const ServiceFacts& service) {
  const auto image = parse_image_reference(service.compose_image);
  const auto major = image ? major_in_tag(image->tag) : std::nullopt;
  if (!major || service.pg_version_file == 0 || *major == service.pg_version_file) return std::nullopt;
  return major;
}

std::string image_to_go_back_to(const ServiceFacts& service, int bumped) {
  const auto image = parse_image_reference(service.compose_image);
  const auto back = image ? retarget(*image, bumped, service.pg_version_file) : std::nullopt;
  return back ? back->text() : fmt::format("one of PostgreSQL {}", service.pg_version_file);
}

Diagnostic no_server(const ServiceFacts& service) {
  const std::string name = printable(service.service);
  Diagnostic result{.severity = Severity::error};
  if (service.running) {
    result.code = "E-NO-SERVER";
    result.message = fmt::format("could not reach the server of {}: {}", service_name(service.service),
                                 printable(service.inventory_problem, 2000));
    result.hint = service.inventory_hint.empty() ? fmt::format("see why in \"docker compose logs {}\"", name)
                                                 : printable(service.inventory_hint, 2000);
  } else {
    result.code = "E-NOT-RUNNING";
    result.message =
        fmt::format("{} is not running, so its cluster cannot be read", service_name(service.service));
    if (!service.lone_volume.empty())
      result.message = fmt::format("{} has no container, but its {} is there, so its cluster cannot be read",
                                   service_name(service.service), printable(service.lone_volume));
    result.hint = fmt::format("start it with \"docker compose up -d {}\" and run pgupgrade again", name);
  }
  if (const auto bumped = bumped_major(service)) {
    result.message += fmt::format("; its data is of PostgreSQL {}, but its image {} is of PostgreSQL {}",
                                  service.pg_version_file, printable(service.compose_image), *bumped);
    result.hint = fmt::format(
        "set the image back to {}, start it with \"docker compose up -d {}\" and run pgupgrade again: it "
        "changes the image itself",
        image_to_go_back_to(service, *bumped), name);
  }
  return result;
}

// The tag was bumped and the mount left in the old place, say: the service has made itself a new, empty
// cluster beside the old one, or does not start.
const UnusedCluster* forgotten_cluster(const ServiceFacts& service, int target_major) {
  const auto& clusters = service.unused_clusters;
  const auto found = std::find_if(clusters.begin(), clusters.end(),
                                  [&](const UnusedCluster& cluster) { return cluster.major < target_major; });
  return found == clusters.end() ? nullptr : &*found;
}

Diagnostic unused_data(const ServiceFacts& service, const UnusedCluster& cluster) {
  const std::string where = cluster.mount.kind == MountKind::volume
                                ? "volume " + printable(cluster.mount.source)
                                : "directory " + printable(cluster.mount.source);
  std::string uses = "it has no cluster where it looks for one";
  if (data_major(service) != 0)
    uses = fmt::format("it uses one of PostgreSQL {} at {}", data_major(service), printable(service.pgdata));
  return {.severity = Severity::error,
          .code = "E-DATA-UNUSED",
          .message =
              fmt::format("{} does not use the cluster of PostgreSQL {} in its {} (at {}): {}",
                          service_name(service.service), cluster.major, where, printable(cluster.path), uses),
          .hint = fmt::format(
              "stop it, set its image back to PostgreSQL {0} with PGDATA {1}, start it, make sure "
              "that its data is there, and run pgupgrade again: it changes the image itself",
              cluster.major, printable(cluster.path))};
}

Diagnostic no_data(const ServiceFacts& service) {
  Diagnostic result{
      .severity = Severity::note,
      .code = "N-NO-DATA",
      .message = service_name(service.service) + " has no data yet, so there is nothing to upgrade"};
  for (const FileEdit& edit : service.edits) {
    result.hint += fmt::format("{}{}:{} \"{}\" to \"{}\"", result.hint.empty() ? "change " : ", ",
                               printable(std::filesystem::path(edit.file).filename().string()), edit.line,
                               printable(edit.old_text), printable(edit.new_text));
  }
  if (!result.hint.empty()) result.hint += " before it starts for the first time";
  return result;
}

}  // namespace

Standing standing_of(const ServiceFacts& service, int target_major) {
  const int major = data_major(service);
  if ((major == 0 || major == target_major) && forgotten_cluster(service, target_major) != nullptr)
    return Standing::blocked;
  if (major == 0 && !service.lone_volume.empty()) return Standing::blocked;
  if (major == 0) return service.running || service.ended ? Standing::blocked : Standing::no_data;
  if (major == target_major) return Standing::at_target;
  const bool can_be_upgraded = service.inventory && major >= kOldestMajor && major < target_major;
  return can_be_upgraded ? Standing::upgradable : Standing::blocked;
}

Diagnostics check_standing(const Request& request, const ServiceFacts& service) {
  const int major = data_major(service);
  const std::string name = service_name(service.service);
  switch (standing_of(service, request.target_major)) {
    case Standing::upgradable:
      return {};
    case Standing::no_data:
      return {no_data(service)};
    case Standing::at_target:
      return {{.severity = Severity::note,
               .code = "N-ALREADY",
               .message = fmt::format("{} is at PostgreSQL {} already", name, major)}};
    case Standing::blocked:
      break;
  }
  if (const UnusedCluster* unused = forgotten_cluster(service, request.target_major);
      unused != nullptr && (major == 0 || major >= request.target_major))
    return {unused_data(service, *unused)};
  if (major > request.target_major) {
    return {{.severity = Severity::error,
             .code = "E-TARGET-OLDER",
             .message = fmt::format("cannot downgrade {} from PostgreSQL {} to {}", name, major,
                                    request.target_major),
             .hint = fmt::format("choose a target above {} with --to", major)}};
  }
  if (major != 0 && major < kOldestMajor) {
    return {{.severity = Severity::error,
             .code = "E-OLD-MAJOR",
             .message =
                 fmt::format("cannot upgrade {}: PostgreSQL {} is older than {}", name, major, kOldestMajor),
             .hint = "upgrade it to 10 or later first"}};
  }
  return {no_server(service)};
}

}  // namespace pgupgrade::planning
