#pragma once

#include <string>

namespace pgupgrade {

// An object's key as people write it: without the double quotes that an identifier does not need.
std::string shown_object(const std::string& key);

// "persistence is \"permanent\", expected \"unlogged\"", "description is null, expected …". Of long values
// the place where they part is shown.
std::string shown_difference(const std::string& attribute, const std::string* was, const std::string* is);

}  // namespace pgupgrade
