#pragma once

#include <functional>
#include <optional>
#include <string>

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/base/wait.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {

// A service whose container has just been started, and what is told when its server does not come.
struct AwaitedServer {
  std::function<std::optional<ServiceContainer>()> find;  // the container that it has now
  Code code;
  std::string problem;  // "could not start service "db" on postgres:17"
  Patience patience;
  enum class Need { connections, health } need = Need::connections;
};

// Waits until the server lets clients in, and its container is healthy where that is needed and declared.
// Throws Error(failed, code) with the end of the container's log: once the patience has ended, and as soon as
// the container is gone, has ended, or is started again and again.
ServiceContainer await_server(World& world, const AwaitedServer& server);

// The same error for another reason.
[[noreturn]] void fail_server(World& world, const AwaitedServer& server, const ServiceContainer& container,
                              const std::string& why);

}  // namespace pgupgrade::upgrade
