#include "pgupgrade/docker/connect.hpp"

#include <utility>

#include "docker/endpoint.hpp"
#include "docker/http_engine.hpp"
#include "docker/transport.hpp"
#include "pgupgrade/base/clock.hpp"

namespace pgupgrade::docker {

std::unique_ptr<Engine> connect(const std::string& endpoint, const Environment& environment,
                                const Cancellation& cancellation) {
  HttpEngineOptions options{.client_configuration = client_settings(environment).configuration_directory};
  return std::make_unique<HttpEngine>(
      Transport(socket_of(endpoint), cancellation, std::make_shared<SystemClock>()), std::move(options));
}

}  // namespace pgupgrade::docker
