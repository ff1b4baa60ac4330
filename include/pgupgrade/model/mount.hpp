#pragma once

#include <string>

namespace pgupgrade {

enum class MountKind { volume, bind, tmpfs };

// A mount of a container, in Docker's terms.
struct Mount {
  MountKind kind = MountKind::volume;
  std::string source;  // the volume's name, or the host's absolute path; empty for tmpfs
  std::string target;  // absolute path in the container
  bool read_only = false;
  std::string subpath = {};  // of the volume, all of it when empty; refused, so that no plan has one
  bool operator==(const Mount&) const = default;
};

}  // namespace pgupgrade
