#pragma once

#include <map>
#include <string>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::compose {

// Reads what the editor needs of a project: the -f files, then what they include and extend (followed), and
// the env files, which are the location's or else the project directory's .env. What is remote or absent is
// left out: the editor refuses when it would have mattered. `environment` is the shell's.
// Throws Error(failed, "E-FILE") when a -f file cannot be read, E-COMPOSE-EDIT when one is no YAML.
Sources read_sources(const ProjectLocation& location, Environment environment);

}  // namespace pgupgrade::compose
