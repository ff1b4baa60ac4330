#include "upgrade/sandbox/stop_server.hpp"

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr int kTicksBetweenSignals = 40;

// The first line of postmaster.pid is its number, in the container's own counting.
void signal_postmaster(World& world, const std::string& container, const std::string& data_directory) {
  constexpr const char* kScript = "read -r pid <\"$1/postmaster.pid\" && kill -INT \"$pid\"";
  try {
    world.engine.exec(container, {"sh", "-c", kScript, "sh", data_directory}, "0");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;  // it has ended meanwhile
  }
}

}  // namespace

void stop_server(World& world, const std::string& container, const std::string& data_directory,
                 const std::function<void()>& tick) {
  for (int ticks = 0;; ++ticks) {
    const auto info = world.engine.inspect_container(container);
    if (!info || !info->running()) return;
    if (ticks % kTicksBetweenSignals == 0) world.engine.signal_container(info->id, "SIGINT");
    if (ticks % kTicksBetweenSignals == kTicksBetweenSignals / 2)
      signal_postmaster(world, info->id, data_directory);
    if (world.engine.wait_container(info->id, kTick)) return;
    world.cancellation.throw_if_requested();
    if (tick) tick();
  }
}

}  // namespace pgupgrade::upgrade
