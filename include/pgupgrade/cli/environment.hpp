#pragma once

#include <map>
#include <string>

namespace pgupgrade::cli {

// The environment as a value, so that what reads it can be tested.
using Environment = std::map<std::string, std::string>;

Environment current_environment();

// Empty when it is not set.
std::string variable(const Environment& environment, const std::string& name);

}  // namespace pgupgrade::cli
