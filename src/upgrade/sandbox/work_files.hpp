#pragma once

#include <optional>
#include <string>

#include "pgupgrade/docker/engine.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

// The content of one file of a container, running or not; nothing when what is there is no file. Throws as
// Engine::get_archive does when nothing is there.
std::optional<std::string> file_in_container(docker::Engine& engine, const std::string& container,
                                             const std::string& path);

// The same in a work container that is created for it, and removed.
std::optional<std::string> read_file_by_work(World& world, const WorkSpec& spec, const std::string& path);

// Extracts a tar below `directory`, likewise.
void put_tar_by_work(World& world, const WorkSpec& spec, const std::string& directory,
                     const std::string& tar);

}  // namespace pgupgrade::upgrade
