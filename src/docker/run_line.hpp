#pragma once

#include <string>

#include "docker/container_copy.hpp"

namespace pgupgrade::docker {

// The `docker run` line of what `request` makes under `name`, and a `docker network connect` for each further
// network; joined by " && ". Words are quoted for a shell. Values of the environment that may be secret are
// left out, so that docker takes them from the shell's.
std::string run_line_of(const CopyRequest& request, const std::string& name);

}  // namespace pgupgrade::docker
