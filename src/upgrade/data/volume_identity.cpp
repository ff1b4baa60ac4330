#include "upgrade/data/volume_identity.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {

std::string volume_created_at(World& world, const Mount& data) {
  if (data.kind != MountKind::volume) return {};
  const auto volume = world.engine.inspect_volume(data.source);
  return volume ? volume->created_at : std::string();
}

void refuse_other_volume(World& world, const TargetPlan& target) {
  if (target.data_mount.kind != MountKind::volume) return;
  const auto volume = world.engine.inspect_volume(target.data_mount.source);
  if (volume && volume->created_at == target.data_volume.created_at) return;
  const std::string name = data_name(target.data_mount);
  if (!volume)
    throw Error(ErrorKind::refused, "E-DRIFT", fmt::format("cannot continue: {} is gone", name),
                "pgupgrade rollback");
  throw Error(ErrorKind::refused, "E-DRIFT",
              fmt::format("cannot continue: {} was made at {}, but the run started with one of {}", name,
                          volume->created_at, target.data_volume.created_at),
              "pgupgrade status");
}

}  // namespace pgupgrade::upgrade
