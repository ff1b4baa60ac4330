#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/inventory.hpp"

namespace pgupgrade::planning {

// Names of settings that the image's server does not know and that are set where we can leave them out: in
// the data directory's files. Sorted, each once. Empty when the image's settings are not known.
std::vector<std::string> unknown_settings(const Inventory& inventory, const ImageFacts& image);

// A locale's name in the spelling of `locale -a`, for comparing: "de_DE.UTF-8" is "de_DE.utf8".
std::string normal_locale(const std::string& name);

}  // namespace pgupgrade::planning
