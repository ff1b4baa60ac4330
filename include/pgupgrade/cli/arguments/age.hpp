#pragma once

#include <cstdint>
#include <string>

namespace pgupgrade::cli {

// The value of --older-than in milliseconds: "12h", "30d", "2w". Throws Error(usage, "E-USAGE") for what is
// no whole number of hours, days or weeks.
std::int64_t age_ms(const std::string& text);

}  // namespace pgupgrade::cli
