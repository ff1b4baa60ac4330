#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgupgrade {

struct TablePrint {
  std::int64_t rows = 0;
  std::string digest;  // of all rows, independent of their order
  bool operator==(const TablePrint&) const = default;
};

struct DatabasePrint {
  std::map<std::string, TablePrint> tables;  // "schema.table", ordinary tables and matviews
  // Tables of extensions that pg_dump leaves to the extension's own script -> rows. A user may have put data
  // in one, or a table of his own into the extension (ALTER EXTENSION ADD).
  std::map<std::string, std::int64_t> not_dumped;
  std::map<std::string, std::string> sequences;  // "schema.name" -> last_value, is_called, definition
  std::map<std::string, std::string> objects;    // "kind schema.name" -> digest of what must be equal
  std::int64_t large_objects = 0;
  std::string large_objects_digest;
  std::map<std::string, std::string> extensions;  // name -> schema; versions may differ
  std::map<std::string, std::string> properties;  // encoding, collate, owner, settings, connection limit, acl
  bool operator==(const DatabasePrint&) const = default;
};

// Among the roles of a fingerprint, what ALTER ROLE ALL SET has set.
inline constexpr const char* kAllRoles = "all roles (ALTER ROLE ALL SET)";

// What a cluster holds, in a form that two major versions can be compared by.
struct Fingerprint {
  int format = 1;
  std::string row_hash;  // the function that hashes rows; both sides must use the same
  std::map<std::string, DatabasePrint> databases;
  std::map<std::string, std::string>
      roles;  // name or kAllRoles -> attributes, memberships, settings, has password

  std::int64_t table_count() const;
  std::int64_t row_count() const;
  std::int64_t sequence_count() const;
  std::int64_t role_count() const;  // without kAllRoles
  bool operator==(const Fingerprint&) const = default;
};

// Each difference as one sentence that names database and object ("database \"shop\": table public.t has
// 10 rows, expected 11"), at most `limit`; empty when equal. `expected` is the old cluster. Of `not_dumped`
// a table must be there with no fewer rows: a newer extension may bring more.
std::vector<std::string> differences(const Fingerprint& expected, const Fingerprint& actual,
                                     std::size_t limit = 50);

}  // namespace pgupgrade
