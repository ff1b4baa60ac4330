#pragma once

#include <cstdint>

#include "pgupgrade/upgrade/run/listener.hpp"
#include "pgupgrade/upgrade/run/step.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::upgrade {

// Everything that can be done while the service runs is done: waits until then (Unix time in milliseconds),
// and looks each minute whether it is still of use; what is not is made again. An engine that does not answer
// meanwhile is waited for as well. Error(interrupted) leaves the run prepared.
void wait_for_window(const Steps& steps, Journal& journal, World& world, Listener& listener,
                     std::int64_t not_before_ms);

// Error(usage, "E-AT") when the run stops for nothing any more.
void refuse_late_wait(const RunState& state);

}  // namespace pgupgrade::upgrade
