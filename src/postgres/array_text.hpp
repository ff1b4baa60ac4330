#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgupgrade::postgres {

// The elements of a one-dimensional array's text ({a,"b \"c\"",NULL}) whose lines' ends stand as \n and \r,
// so that it is one line; nothing for NULL. Throws Error(internal) when it is no such text.
std::vector<std::optional<std::string>> parse_array(const std::string& text);

}  // namespace pgupgrade::postgres
