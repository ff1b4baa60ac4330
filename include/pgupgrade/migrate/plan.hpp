#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/migrate/facts.hpp"
#include "pgupgrade/migrate/programs.hpp"
#include "pgupgrade/migrate/request.hpp"
#include "pgupgrade/model/diagnostic.hpp"

namespace pgupgrade::migrate {

// One side, as a later command finds it again. Holds no secret.
struct SidePlan {
  std::map<std::string, std::string> parameters;  // libpq's; a resume connects with them
  std::string address;
  std::string version;
  int version_num = 0;
  std::string role;
  std::string bootstrap;  // the role with oid 10, which owns what initdb has made
  bool superuser = false;
  bool encrypted = false;
  bool operator==(const SidePlan&) const = default;
};

// How the comment on a database begins that a migration fills; its run follows.
inline constexpr const char* kMark = "pgupgrade: being filled by migration ";

// One database to copy.
struct DatabasePlan {
  std::string name;
  std::string into;
  bool create = true;  // the target has none of that name; else an empty one
  std::string owner;   // at the source
  std::string encoding;
  std::string collate;
  std::string ctype;
  char locale_provider = 'c';
  std::string icu_locale;
  std::string icu_rules;
  std::int64_t bytes = 0;
  std::int64_t tables = 0;
  Schemas schemas = {};            // they are at the target, empty
  std::vector<std::string> apart;  // tables ("schema"."name") whose rows travel by themselves, side by side
  bool operator==(const DatabasePlan&) const = default;
};

// Frozen before the first change.
struct Plan {
  std::string run_id;
  std::string tool_version;
  std::filesystem::path state_root;
  SidePlan source;
  SidePlan target;
  CopyForm form = CopyForm::stream;
  Ownership ownership = Ownership::keep;
  bool tablespaces = true;  // objects keep theirs
  int jobs = 1;
  ClientPrograms programs;
  std::vector<std::string> new_roles;  // to be created at the target
  std::vector<DatabasePlan> databases;
  std::vector<std::string> not_carried;  // a line each, for people
  Diagnostics diagnostics;               // warnings and notes
  bool operator==(const Plan&) const = default;

  // Up to 14 the bootstrap superuser owns the schema public of each database, from 15 on the database's
  // owner. Whether that can be carried over.
  bool keeps_owner_of_public() const {
    constexpr int kDatabaseOwners = 150000;
    const bool downwards = source.version_num >= kDatabaseOwners && target.version_num < kDatabaseOwners;
    return target.superuser && source.bootstrap == target.bootstrap && !downwards;
  }
};

}  // namespace pgupgrade::migrate
