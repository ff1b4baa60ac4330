#include "upgrade/sandbox/fetch_image.hpp"

#include <fmt/format.h>

namespace pgupgrade::upgrade {

void fetch_image(World& world, const std::string& reference, const FetchProgress& progress) {
  world.engine.pull_image(reference, [&](const docker::PullProgress& pulled) {
    if (progress) progress(pulled.layer, pulled.current_bytes, pulled.total_bytes);
  });
}

std::string tag_command(const std::string& id, const std::string& reference) {
  return fmt::format("docker tag {} {}", id, reference);
}

}  // namespace pgupgrade::upgrade
