#pragma once

#include "pgupgrade/upgrade/commands.hpp"
#include "pgupgrade/upgrade/journal.hpp"

namespace pgupgrade::upgrade {

Report make_report(const Journal& journal, std::int64_t now_ms);

}  // namespace pgupgrade::upgrade
