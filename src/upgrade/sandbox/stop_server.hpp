#pragma once

#include <functional>
#include <string>

#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// PostgreSQL's "fast" stop (SIGINT), for as long as its last checkpoint takes: no kill waits behind a
// time-out. The signal is sent again now and then, since an entrypoint's shell may lose the first; and, when
// the container does not end, to the server that `data_directory` (in the container) names, since a shell
// that waits for its child passes nothing on. Not running is fine. `tick` is called about twice a second.
// Error(interrupted) on cancellation.
void stop_server(World& world, const std::string& container, const std::string& data_directory,
                 const std::function<void()>& tick = {});

}  // namespace pgupgrade::upgrade
