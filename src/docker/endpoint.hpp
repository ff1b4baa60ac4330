#pragma once

#include <filesystem>
#include <string>

#include "pgupgrade/base/environment.hpp"

namespace pgupgrade::docker {

// What decides where the docker command finds its engine.
struct ClientSettings {
  std::string docker_host;                        // DOCKER_HOST
  std::string docker_context;                     // DOCKER_CONTEXT
  std::filesystem::path configuration_directory;  // DOCKER_CONFIG, else ~/.docker; empty: neither is known
};

ClientSettings client_settings(const Environment& environment);

// As find_endpoint in connect.hpp.
std::string resolve_endpoint(const ClientSettings& settings);

// The socket's path in a unix:// endpoint. Throws Error(usage, "E-ENGINE-REMOTE") for any other.
std::filesystem::path socket_of(const std::string& endpoint);

}  // namespace pgupgrade::docker
