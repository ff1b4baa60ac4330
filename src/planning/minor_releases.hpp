#pragma once

#include <string>

namespace pgupgrade::planning {

// Whether PostgreSQL `version` ("17.6") came out before `other` did. Releases that are newer than the list
// are counted on from it: all majors get theirs on one day. False when either is no released version.
bool is_released_before(const std::string& version, const std::string& other);

}  // namespace pgupgrade::planning
