#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

using FetchProgress = std::function<void(const std::string& layer, std::int64_t done, std::int64_t total)>;
// Has the engine get an image from its registry. Throws Error(failed, "E-PULL").
void fetch_image(World& world, const std::string& reference, const FetchProgress& progress = {});

// What a user types to give an image its name again.
std::string tag_command(const std::string& id, const std::string& reference);

}  // namespace pgupgrade::upgrade
