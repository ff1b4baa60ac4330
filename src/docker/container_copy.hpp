#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgupgrade/docker/engine.hpp"

namespace pgupgrade::docker {

// What makes a container like another one.
struct CopyRequest {
  std::string body;  // of /containers/create; with the first network, since an older engine takes one only
  // The other networks: the name, and the body of /networks/{name}/connect but for the container.
  std::vector<std::pair<std::string, std::string>> networks;
};

// `container` and `image` (the one that the container was made of) are the engine's answers to an inspection.
// Error(failed, "E-JSON") when they are not understood.
CopyRequest encode_copy(std::string_view container, std::string_view image, const ContainerChanges& changes);

// The body of /networks/{name}/connect.
std::string encode_connection(std::string_view endpoint, const std::string& container);

// "Image" of an inspected container: its image's id.
std::string decode_image_id(std::string_view container);

}  // namespace pgupgrade::docker
