#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgupgrade::postgres {

// The elements of a one-dimensional array's text ({a,"b \"c\"",NULL}) whose lines' ends stand as \n and \r,
// so that it is one line; nothing for NULL. Throws Error(internal) when it is no such text.
std::vector<std::optional<std::string>> parse_array(const std::string& text);

// What encode(…, 'escape') has made of a text: backslashes are doubled, bytes from 128 on are three digits.
// Each of those becomes a character of its own from U+F700 on, so that the text is valid UTF-8.
std::string without_digits(const std::string& escaped);

}  // namespace pgupgrade::postgres
