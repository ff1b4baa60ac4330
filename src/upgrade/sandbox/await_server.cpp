#include "upgrade/sandbox/await_server.hpp"

#include <fmt/format.h>

#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::size_t kMostStarts = 4;

// It may end at any moment, and be started again.
bool accepts_now(World& world, const std::string& container) {
  try {
    return accepts_connections(world, container);
  } catch (const Error& error) {
    if (!error.is("E-ENGINE-CONFLICT")) throw;
    return false;
  }
}

[[noreturn]] void fail_gone(const AwaitedServer& server) {
  throw Error(ErrorKind::failed, server.code, server.problem + ": there is no container",
              "docker ps --all shows what became of it");
}

}  // namespace

void fail_server(World& world, const AwaitedServer& server, const ServiceContainer& container,
                 const std::string& why) {
  throw Error(ErrorKind::failed, server.code,
              fmt::format("{}: {}{}", server.problem, why, log_end(world, container.id)),
              "check its log: docker logs " + container.name);
}

ServiceContainer await_server(World& world, const AwaitedServer& server) {
  std::optional<ServiceContainer> container;
  std::string last;
  std::set<std::string> starts;
  const bool ready = wait_until(world.clock, world.cancellation, server.patience, [&] {
    container = server.find();
    if (!container) fail_gone(server);
    if (!container->running() && container->status != docker::ContainerStatus::created)
      fail_server(world, server, *container,
                  fmt::format("it exited with {}", container->exit_code.value_or(-1)));
    // With a restart policy the engine would try for ever.
    starts.insert(container->started_at);
    if (starts.size() > kMostStarts) fail_server(world, server, *container, "it keeps restarting");
    const bool declared = server.need == AwaitedServer::Need::health && !container->health.empty();
    if (declared && container->health != "healthy") {
      last = "its health is " + container->health;
      return false;
    }
    last = "it does not accept connections";
    return container->status == docker::ContainerStatus::running && accepts_now(world, container->id);
  });
  if (!ready) fail_server(world, server, *container, last);
  return *container;
}

}  // namespace pgupgrade::upgrade
