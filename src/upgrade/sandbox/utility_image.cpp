#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {

std::string utility_image(World& world, const TargetPlan& target) {
  for (const std::string& candidate : {target.old_image_id, target.old_image, target.new_image})
    if (const auto image = world.engine.inspect_image(candidate)) return image->id;
  world.engine.pull_image(target.old_image, {});
  const auto pulled = world.engine.inspect_image(target.old_image);
  return pulled ? pulled->id : target.old_image_id;
}

}  // namespace pgupgrade::upgrade
