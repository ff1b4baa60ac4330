#pragma once

#include <map>
#include <string>

#include "pgupgrade/migrate/compare.hpp"
#include "pgupgrade/model/fingerprint.hpp"

namespace pgupgrade::migrate {

// Takes out of a fingerprint what is not compared. Pure.
void leave_out(const Coverage& coverage, DatabasePrint& print);

// Sequences go on while their server works, and no snapshot holds them. One that has moved between the two
// looks may stand anywhere from the first to the second; where the copy does, `now` becomes the copy's. Pure.
void settle_sequences(const std::map<std::string, std::string>& before,
                      std::map<std::string, std::string>& now,
                      const std::map<std::string, std::string>& copy);

}  // namespace pgupgrade::migrate
