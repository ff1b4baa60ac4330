#include "upgrade/data/data_users.hpp"

#include "pgupgrade/planning/data_directory.hpp"

namespace pgupgrade::upgrade {
namespace fs = std::filesystem;

namespace {

// The engine is on this host, so its paths are ours. What does not exist here keeps the path that it has.
fs::path resolved(const std::string& path) {
  if (path.empty()) return {};
  std::error_code problem;
  const fs::path result = fs::weakly_canonical(path, problem);
  return problem ? fs::path(planning::clean_path(path)) : result;
}

std::string option(const docker::VolumeInfo& volume, const char* name) {
  const auto found = volume.driver_options.find(name);
  return found == volume.driver_options.end() ? std::string() : found->second;
}

bool is_bind(const docker::VolumeInfo& volume) {
  return volume.driver == "local" && ("," + option(volume, "o") + ",").find("bind,") != std::string::npos &&
         !option(volume, "device").empty();
}

}  // namespace

DataReach::DataReach(docker::Engine& engine, const Mount& data)
    : engine_(engine), data_(data), place_(directory_of(data)) {}

DataReach::Directory DataReach::directory_of(const Mount& mount) {
  if (mount.kind == MountKind::bind) return {.path = resolved(mount.source), .top = "/"};
  if (mount.kind != MountKind::volume) return {};
  const auto volume = engine_.inspect_volume(mount.source);
  if (!volume) return {};
  if (is_bind(*volume)) return {.path = resolved(option(*volume, "device")), .top = "/"};
  // What watches all of the engine's directory mounts it, and is no user of this volume.
  const fs::path place = resolved(volume->mount_point);
  return {.path = place, .top = place.parent_path().parent_path()};
}

bool DataReach::reached_by(const Mount& mount) {
  if (mount.kind == MountKind::tmpfs) return false;
  if (mount.kind == data_.kind && mount.source == data_.source) return true;
  const fs::path other = directory_of(mount).path;
  if (other.empty() || place_.path.empty()) return false;
  if (planning::is_within(other.native(), place_.path.native())) return true;
  return planning::is_within(place_.path.native(), other.native()) && other != place_.top &&
         planning::is_within(other.native(), place_.top.native());
}

std::vector<DataUser> data_users(docker::Engine& engine, const Mount& data,
                                 const std::vector<docker::ContainerInfo>& all) {
  DataReach reach(engine, data);
  std::vector<DataUser> users;
  for (const docker::ContainerInfo& info : all) {
    DataUser user;
    for (const Mount& mount : info.mounts) {
      if (!reach.reached_by(mount)) continue;
      if (user.place.empty()) user.place = mount.target;
      user.writes = user.writes || !mount.read_only;
    }
    if (user.place.empty()) continue;
    user.container = info;
    users.push_back(std::move(user));
  }
  return users;
}

std::vector<DataUser> data_users(docker::Engine& engine, const Mount& data) {
  std::vector<docker::ContainerInfo> all;
  for (const auto& container : engine.list_containers({}))
    if (auto info = engine.inspect_container(container.id)) all.push_back(std::move(*info));
  return data_users(engine, data, all);
}

}  // namespace pgupgrade::upgrade
