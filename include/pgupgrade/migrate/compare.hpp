#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/migrate/request.hpp"
#include "pgupgrade/postgres/remote.hpp"

namespace pgupgrade::migrate {

// What of two databases is compared: all of it, but for what is not here.
struct Coverage {
  bool owners = true;           // and grants
  bool owner_of_public = true;  // up to 14 it is the bootstrap superuser, who may have another name elsewhere
  bool user_mappings = true;    // only superusers read them
  bool superusers_objects = true;  // event triggers and publications
  bool extension_comments = true;
  bool tablespaces = true;
  Schemas schemas = {};  // only they, but for their comments
};

struct Comparing {
  postgres::RemoteServer& source;
  postgres::RemoteServer& target;
  std::string database;  // of the source
  std::string into;      // of the target
  Coverage coverage;
  std::string snapshot;                                 // of the source; empty: as it is now
  std::map<std::string, std::string> sequences_before;  // of the source, when the snapshot was taken
  int jobs = 1;
};

struct Compared {
  std::vector<std::string> differences;  // as differences() of the model says them; empty: they are equal
  std::int64_t tables = 0;               // of the target
  std::int64_t rows = 0;
  std::int64_t sequences = 0;
};

// Reads both sides at once, every object and every row, and changes nothing. `tick` is called about twice a
// second with the number of tables that were begun, of both; it may throw.
Compared compare(const Comparing& comparing, const std::function<void(std::int64_t tables)>& tick);

}  // namespace pgupgrade::migrate
