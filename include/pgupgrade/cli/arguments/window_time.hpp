#pragma once

#include <cstdint>
#include <string>

namespace pgupgrade::cli {

// The value of --at in Unix milliseconds: "03:00" is the next time that local clocks show it, after `now_ms`;
// "2026-12-01T03:00" names the day. Throws Error(usage, "E-AT") for what is no time, is past, or is skipped
// by local clocks.
std::int64_t window_time(const std::string& text, std::int64_t now_ms);

}  // namespace pgupgrade::cli
