#pragma once

#include <string>
#include <string_view>

#include "pgupgrade/base/secret.hpp"

namespace pgupgrade::docker {

struct RegistryAuth {
  Secret header;       // the value of X-Registry-Auth, empty: pull as nobody
  std::string helper;  // the credential helper that keeps this registry's password instead, empty: none
};

// What the docker command's config.json (its text) knows of the registry of a repository.
// Throws Error(usage, "E-DOCKER-CONFIG") when the text is no such file.
RegistryAuth find_registry_auth(std::string_view config, std::string_view repository);

}  // namespace pgupgrade::docker
