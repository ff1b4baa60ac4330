#pragma once

#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"

namespace pgupgrade::docker {

// What is sent to the engine, as JSON text.

// The body of /containers/create: isolated as engine.hpp promises.
std::string encode_container(const ContainerSpec& spec);
std::string encode_restart_policy(const RestartPolicy& policy);  // the body of /containers/{id}/update
std::string encode_exec(const std::vector<std::string>& argv, const std::string& user);
std::string encode_volume(const VolumeSpec& spec);

// The values of a `filters` parameter.
std::string encode_filters(const ContainerFilter& filter);
std::string encode_label_filters(const std::map<std::string, std::string>& labels);

}  // namespace pgupgrade::docker
