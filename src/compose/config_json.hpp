#pragma once

#include <string>
#include <string_view>

#include "pgupgrade/compose/project.hpp"

namespace pgupgrade::compose {

// What `docker compose config --format json` prints, as a Project. `prefix` is taken off the paths of the
// host that begin with it. Takes lists as well as maps where Compose's format allows both, and dollar signs
// as it writes them (doubled). Throws Error(failed, "E-JSON") for another shape.
Project project_from_config(std::string_view json, const std::string& prefix = {});

}  // namespace pgupgrade::compose
