#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/mount.hpp"

namespace pgupgrade::planning {

// An absolute path without empty components, "." and trailing slashes, so that paths can be compared.
std::string clean_path(std::string_view path);

// Whether `path` is `directory` or lies within it, by whole components: /data2 is not within /data.
bool is_within(std::string_view path, std::string_view directory);

// The mount that holds `path`: the one with the longest target that contains it. Nothing when `path` is in
// the container's own layer.
std::optional<Mount> mount_of(const std::vector<Mount>& mounts, std::string_view path);

// Whether one of the mounts is at `target` itself.
bool has_mount_at(const std::vector<Mount>& mounts, std::string_view target);

// Docker names a volume that nobody named by 64 hexadecimal digits.
bool is_anonymous(const Mount& mount);

// Where the data is, and where the new image will look for it.
struct DataPlacement {
  std::optional<Mount> data_mount;  // as the old container has it; nothing: the data is on no mount
  std::string old_pgdata;           // what the server says, else PGDATA
  std::string new_pgdata;
  std::string new_target;      // where the new container mounts the data; empty without a mount
  bool custom_pgdata = false;  // PGDATA is not the old image's default, so it stays
  bool beside = false;         // PGDATA names the version: the new directory is beside the old one
  bool mount_moves() const { return data_mount && clean_path(data_mount->target) != new_target; }
  bool operator==(const DataPlacement&) const = default;
};

// The data directory of `target_major` for one whose last component is `old_major`: /data/15 -> /data/17.
// Nothing for others.
std::optional<std::string> next_versioned_pgdata(std::string_view pgdata, int old_major, int target_major);

// Of a mount into the old version's own files (dictionaries, for example), where the new version looks for
// them: /usr/share/postgresql/15/tsearch_data/a.stop -> /usr/share/postgresql/17/tsearch_data/a.stop. Nothing
// for others.
std::optional<std::string> next_versioned_target(std::string_view target, int old_major, int target_major);

// Those of a service, as they are now, that follow the version: not where both places are mounted already.
std::vector<Mount> versioned_mounts(const std::vector<Mount>& mounts, int old_major, int target_major);

// A PGDATA that the service sets itself stays, unless it is edited with the image. Otherwise it becomes the
// new image's own (from 18 on the official images keep it in /var/lib/postgresql/<major>/docker), and the
// mount moves where it has to.
DataPlacement place_data(const ServiceFacts& service, int target_major);

}  // namespace pgupgrade::planning
