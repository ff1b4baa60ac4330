#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/docker/engine.hpp"

namespace pgupgrade::docker {

// The engine's answers, from JSON text. What is not understood is Error(failed, "E-JSON").

EngineInfo decode_info(std::string_view text);  // without api_version
ContainerInfo decode_container(std::string_view text);
std::vector<ContainerSummary> decode_containers(std::string_view text);
VolumeInfo decode_volume(std::string_view text);
std::vector<VolumeInfo> decode_volumes(std::string_view text);
ImageInfo decode_image(std::string_view text);

std::string decode_id(std::string_view text);  // "Id" of an answer to a create

void check_update(std::string_view text);  // that it is the answer to an update of a container

// StatusCode of an answer to a wait. Throws when the engine says that waiting failed.
int decode_wait(std::string_view text);

// Nothing while the command runs. Throws when it has ended without an exit code.
std::optional<int> decode_exec(std::string_view text);

}  // namespace pgupgrade::docker
