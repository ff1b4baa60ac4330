#include "upgrade/cluster/socket_directory.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

std::size_t index_of(const Plan& plan, const TargetPlan& target) {
  return static_cast<std::size_t>(&target - plan.targets.data());
}

}  // namespace

// Nobody but this user may enter the outer directory; the inner one is open, since the server in the
// container runs as another user.
std::string socket_directory(const World& world, const Plan& plan, const TargetPlan& target) {
  const auto outer = private_directory(world.socket_root, plan.run_id, index_of(plan, target));
  struct stat status {};
  if (::mkdir(outer.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Error(ErrorKind::failed, "E-FILE", fmt::format("could not create directory {}", outer.string()));
  }
  if (::lstat(outer.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & 077) != 0) {
    throw Error(ErrorKind::failed, "E-SOCKET-DIRECTORY",
                fmt::format("cannot use {} for sockets: it belongs to somebody else", outer.string()));
  }
  const auto inner = outer / "s";
  if ((::mkdir(inner.c_str(), 0777) != 0 && errno != EEXIST) || ::chmod(inner.c_str(), 0777) != 0) {
    throw Error(ErrorKind::failed, "E-FILE", fmt::format("could not create directory {}", inner.string()));
  }
  write_file_durably(inner / "pg_hba.conf", "local all all trust\n", 0644);
  return inner.string();
}

void remove_socket_directory(const World& world, const Plan& plan, const TargetPlan& target) {
  remove_tree(private_directory(world.socket_root, plan.run_id, index_of(plan, target)));
}

}  // namespace pgupgrade::upgrade
