#include "upgrade/stop_server.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr std::chrono::milliseconds kTick{500};
constexpr int kTicksBetweenSignals = 40;

}  // namespace

void stop_server(World& world, const std::string& container, const std::function<void()>& tick) {
  for (int ticks = 0;; ++ticks) {
    const auto info = world.engine.inspect_container(container);
    if (!info || !info->running()) return;
    if (ticks % kTicksBetweenSignals == 0) world.engine.signal_container(info->id, "SIGINT");
    if (world.engine.wait_container(info->id, kTick)) return;
    world.cancellation.throw_if_requested();
    if (tick) tick();
  }
}

}  // namespace pgupgrade::upgrade
