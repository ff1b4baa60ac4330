#pragma once

#include <memory>
#include <string>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/docker/engine.hpp"

namespace pgupgrade::docker {

// Where the engine listens, by the rules of the docker command: DOCKER_HOST, else DOCKER_CONTEXT, else the
// current context of the client's configuration (DOCKER_CONFIG or ~/.docker), else
// unix:///var/run/docker.sock. Returns a unix:// endpoint.
// Throws Error(usage, "E-ENGINE-REMOTE") for ssh://, tcp:// and the like (a socket directory cannot be
// bind-mounted there), Error(usage, "E-ENGINE-CONTEXT") when the named context does not exist.
std::string find_endpoint(const Environment& environment);

// The real engine behind a unix:// endpoint. Pings it and negotiates the API version (1.40 up; the older of
// the two sides' newest). The cancellation is polled during every transfer and must outlive the engine.
// Of the environment only where the docker command keeps its logins to registries counts.
std::unique_ptr<Engine> connect(const std::string& endpoint, const Environment& environment,
                                const Cancellation& cancellation);

}  // namespace pgupgrade::docker
