#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"
#include "planning/review.hpp"
#include "planning/states.hpp"

namespace pgupgrade::planning {

namespace {

constexpr int kOldestMajor = 10;

Diagnostic no_server(const ServiceFacts& service) {
  Diagnostic result{.severity = Severity::error};
  if (service.running) {
    result.code = "E-NO-SERVER";
    result.message = fmt::format("could not reach the server of {}: {}", service_name(service),
                                 printable(service.inventory_problem, 2000));
    result.hint = service.inventory_hint.empty() ? fmt::format("see why in \"{}\"", log_command(service))
                                                 : printable(service.inventory_hint, 2000);
  } else {
    result.code = "E-NOT-RUNNING";
    result.message = fmt::format("{} is not running, so its cluster cannot be read", service_name(service));
    if (!service.lone_volume.empty())
      result.message = fmt::format("{} has no container, but its {} is there, so its cluster cannot be read",
                                   service_name(service), printable(service.lone_volume));
    result.hint = fmt::format("start it with \"{}\" and run pgupgrade again", start_command(service));
  }
  return result;
}

Diagnostic no_data(const ServiceFacts& service) {
  Diagnostic result{.severity = Severity::note,
                    .code = "N-NO-DATA",
                    .message = service_name(service) + " has no data yet, so there is nothing to upgrade"};
  for (const FileEdit& edit : service.edits) {
    result.hint += fmt::format("{}{}:{} \"{}\" to \"{}\"", result.hint.empty() ? "change " : ", ",
                               printable(std::filesystem::path(edit.file).filename().string()), edit.line,
                               printable(edit.old_text), printable(edit.new_text));
  }
  if (!result.hint.empty()) result.hint += " before it starts for the first time";
  return result;
}

// At the target it is enough that the files name an older image: so it is after --no-edit. One whose own
// image is of another version does not run.
std::optional<BumpedImage> cannot_start(const ServiceFacts& service, int target_major) {
  auto state = bumped_image(service);
  const bool own = state && service.image_major == state->image_major;
  return state && (state->data_major < target_major || own) ? state : std::nullopt;
}

}  // namespace

Standing standing_of(const ServiceFacts& service, int target_major) {
  const int major = data_major(service);
  if (cannot_start(service, target_major)) return Standing::blocked;
  if ((major == 0 || major >= target_major) && forgotten_cluster(service) != nullptr)
    return Standing::blocked;
  if (major == 0 && !service.lone_volume.empty()) return Standing::blocked;
  if (major == 0) return service.running || service.ended ? Standing::blocked : Standing::no_data;
  if (major == target_major) return Standing::at_target;
  const bool can_be_upgraded = service.inventory && major >= kOldestMajor && major < target_major;
  return can_be_upgraded ? Standing::upgradable : Standing::blocked;
}

namespace {

// The server, whatever its state: running, answering, of a version that can be upgraded. One at most.
Diagnostics find_standing(const Request& request, const ServiceFacts& service) {
  const int major = data_major(service);
  const std::string name = service_name(service);
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
  const auto bumped = cannot_start(service, request.target_major);
  if (bumped && bumped->data_major <= request.target_major)
    return {image_bumped(service, *bumped, request.target_major)};
  if (const UnusedCluster* unused = forgotten_cluster(service);
      !bumped && unused != nullptr && (major == 0 || major >= request.target_major))
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

// What an upgradable service has passed.
constexpr auto kStandings = std::to_array<CheckName>({
    {"the server runs and lets its superuser in", "E-NOT-RUNNING E-NO-SERVER"},
    {"the image is of the version of the data", "E-TAG-BUMPED"},
    {"the old version is one that can be upgraded", "E-OLD-MAJOR"},
    {"the new version is a later one", "E-TARGET-OLDER N-ALREADY"},
    {"the service has data", "N-NO-DATA"},
});

// Looked for only where the service does not have what it should.
constexpr CheckName kUnused = {"no cluster lies unused beside the data", "E-DATA-UNUSED"};

}  // namespace

void check_standing(const Request& request, const ServiceFacts& service, Review& review) {
  const Diagnostics found = find_standing(request, service);
  for (const CheckName& standing : kStandings) {
    const auto codes = split_list(standing.codes, " ");
    const bool says = !found.empty() && std::find(codes.begin(), codes.end(), found[0].code) != codes.end();
    if (found.empty() || says) review.add(standing, service.service, found);
  }
  if (!found.empty() && found[0].code == kUnused.codes) review.add(kUnused, service.service, found);
}

}  // namespace pgupgrade::planning
