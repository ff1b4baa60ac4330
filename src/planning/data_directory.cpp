#include "pgupgrade/planning/data_directory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgupgrade::planning {

namespace {

constexpr int kFirstVersionedLayout = 18;  // the official images' data directory names the major from here on
constexpr std::string_view kOfficialHome = "/var/lib/postgresql";

std::string new_default_pgdata(const ServiceFacts& service, int target_major, const std::string& old_pgdata) {
  if (service.new_image_facts && !service.new_image_facts->default_pgdata.empty()) {
    return clean_path(service.new_image_facts->default_pgdata);
  }
  // Not pulled yet. An image that kept its data elsewhere is not laid out like the official one; check_image
  // compares once it is here.
  if (target_major >= kFirstVersionedLayout && is_within(old_pgdata, kOfficialHome)) {
    return fmt::format("{}/{}/docker", kOfficialHome, target_major);
  }
  return old_pgdata;
}

std::string new_mount_target(const ServiceFacts& service, const Mount& mount, const std::string& new_pgdata) {
  if (is_within(new_pgdata, mount.target)) return clean_path(mount.target);
  if (service.new_image_facts) {
    for (const std::string& volume : service.new_image_facts->volumes) {
      if (is_within(new_pgdata, volume)) return clean_path(volume);
    }
  }
  return is_within(new_pgdata, kOfficialHome) ? std::string(kOfficialHome) : new_pgdata;
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (!component.empty() && component != ".") {
      result += '/';
      result += component;
    }
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return result.empty() ? "/" : result;
}

bool is_within(std::string_view path, std::string_view directory) {
  const std::string inner = clean_path(path);
  const std::string outer = clean_path(directory);
  if (outer == "/" || inner == outer) return true;
  return inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/';
}

std::optional<Mount> mount_of(const std::vector<Mount>& mounts, std::string_view path) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts) {
    if (!is_within(path, mount.target)) continue;
    if (best == nullptr || clean_path(mount.target).size() > clean_path(best->target).size()) best = &mount;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

bool has_mount_at(const std::vector<Mount>& mounts, std::string_view target) {
  return std::any_of(mounts.begin(), mounts.end(),
                     [&](const Mount& mount) { return clean_path(mount.target) == clean_path(target); });
}

std::optional<std::string> next_versioned_pgdata(std::string_view pgdata, int old_major, int target_major) {
  const std::string path = clean_path(pgdata);
  const std::string ending = fmt::format("/{}", old_major);
  if (!pgdata.starts_with('/') || !path.ends_with(ending) || old_major == target_major) return std::nullopt;
  return fmt::format("{}/{}", path.substr(0, path.size() - ending.size()), target_major);
}

std::optional<std::string> next_versioned_target(std::string_view target, int old_major, int target_major) {
  const std::string path = clean_path(target);
  const std::string directory = fmt::format("/share/postgresql/{}", old_major);
  const auto at = path.find(directory + "/");
  if (at == std::string::npos || old_major == target_major) return std::nullopt;
  return fmt::format("{}/share/postgresql/{}{}", path.substr(0, at), target_major,
                     path.substr(at + directory.size()));
}

std::vector<Mount> versioned_mounts(const std::vector<Mount>& mounts, int old_major, int target_major) {
  std::vector<Mount> result;
  for (const Mount& mount : mounts) {
    const auto next = next_versioned_target(mount.target, old_major, target_major);
    if (next && !has_mount_at(mounts, *next)) result.push_back(mount);
  }
  return result;
}

bool is_anonymous(const Mount& mount) {
  return mount.kind == MountKind::volume && mount.source.size() == 64 &&
         std::all_of(mount.source.begin(), mount.source.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

DataPlacement place_data(const ServiceFacts& service, int target_major) {
  DataPlacement place;
  place.old_pgdata = clean_path(service.inventory ? service.inventory->data_directory : service.pgdata);
  place.data_mount = mount_of(service.mounts, place.old_pgdata);
  place.custom_pgdata = service.declares_pgdata || service.pgdata.empty() ||
                        clean_path(service.pgdata) != clean_path(service.image_pgdata);
  place.new_pgdata =
      place.custom_pgdata ? place.old_pgdata : new_default_pgdata(service, target_major, place.old_pgdata);
  place.beside = !service.new_pgdata.empty();
  if (place.beside) place.new_pgdata = clean_path(service.new_pgdata);
  if (place.data_mount) place.new_target = new_mount_target(service, *place.data_mount, place.new_pgdata);
  return place;
}

}  // namespace pgupgrade::planning
