#pragma once

#include <functional>
#include <string>

#include "pgupgrade/upgrade/world.hpp"

namespace pgupgrade::upgrade {

// PostgreSQL's "fast" stop (SIGINT), for as long as its last checkpoint takes: no kill waits behind a
// time-out. The signal is sent again now and then, since an entrypoint's shell may lose the first. Not
// running is fine. `tick` is called about twice a second. Error(interrupted) on cancellation.
void stop_server(World& world, const std::string& container, const std::function<void()>& tick = {});

}  // namespace pgupgrade::upgrade
