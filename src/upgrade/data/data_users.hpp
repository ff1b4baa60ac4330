#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/model/mount.hpp"

namespace pgupgrade::upgrade {

// Tells whether a container's mount reaches the files of the data, under whatever name: the same volume or
// directory, one above or below it, by another path (symbolic links), or through a local volume that is a
// bind of a directory (driver_opts type none, o bind, device).
class DataReach {
 public:
  DataReach(docker::Engine& engine, const Mount& data);
  bool reached_by(const Mount& mount);

 private:
  struct Directory {
    std::filesystem::path path;  // on the host, links resolved; empty when it is not known
    std::filesystem::path top;   // a mount of what is above this one is no use of the data
  };
  Directory directory_of(const Mount& mount);

  docker::Engine& engine_;
  Mount data_;
  Directory place_;
};

// A container that mounts the data.
struct DataUser {
  docker::ContainerInfo container;
  std::string place;    // where it has the data, the first of them
  bool writes = false;  // by any of its mounts
};

// All of them, whatever their state. One that is removed meanwhile is left out.
std::vector<DataUser> data_users(docker::Engine& engine, const Mount& data);
// Of `all`, which were looked at before.
std::vector<DataUser> data_users(docker::Engine& engine, const Mount& data,
                                 const std::vector<docker::ContainerInfo>& all);

}  // namespace pgupgrade::upgrade
