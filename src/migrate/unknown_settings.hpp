#pragma once

#include <string>

namespace pgupgrade::migrate {

// What pg_restore said, without its complaints that the server, which is older than the program, does not
// know a setting that the program sets at the beginning of each session. Pure.
struct Said {
  std::string rest;
  bool unknown_settings = false;  // there was such a complaint
  bool errors = false;            // another one is in the rest
};
Said without_unknown_settings(const std::string& message);

}  // namespace pgupgrade::migrate
