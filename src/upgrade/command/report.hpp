#pragma once

#include <cstdint>

#include "pgupgrade/upgrade/command/commands.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::upgrade {

Report make_report(const Journal& journal, std::int64_t now_ms);

}  // namespace pgupgrade::upgrade
