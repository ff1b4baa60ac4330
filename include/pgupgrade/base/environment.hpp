#pragma once

#include <map>
#include <string>

namespace pgupgrade {

// The environment of this process as a value: read once, and passed down to whoever needs it.
using Environment = std::map<std::string, std::string>;

Environment current_environment();

// Empty when it is not set.
std::string variable(const Environment& environment, const std::string& name);

}  // namespace pgupgrade
