#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgupgrade {

struct TablePrint {
  std::int64_t rows = 0;
  std::string digest;  // of all rows, independent of their order
  // Of the columns that are not computed; empty where the table has no stored generated column.
  std::string ordinary = {};
  // Stored generated column -> digest of its values: a restore computes them anew, so they may be others.
  std::map<std::string, std::string> generated;
  bool operator==(const TablePrint&) const = default;
};

// Attribute -> value, of an object of the catalogs; a null is left out. Attributes are the columns of its
// row.
using Attributes = std::map<std::string, std::string>;
// "kind identity", every identifier in double quotes, -> its attributes.
using Objects = std::map<std::string, Attributes>;

struct DatabasePrint {
  // "schema.table": ordinary tables and matviews; a hash partitioned table as a whole, since its rows may
  // move from one partition to another.
  std::map<std::string, TablePrint> tables;
  // Tables of extensions that pg_dump leaves to the extension's own script -> rows. A user may have put data
  // in one, or a table of his own into the extension (ALTER EXTENSION ADD).
  std::map<std::string, std::int64_t> not_dumped;
  std::map<std::string, std::string> sequences;  // "schema.name" -> last_value, is_called, definition
  Objects objects;                               // all else that users have made in it
  std::int64_t large_objects = 0;
  std::string large_objects_digest;
  bool operator==(const DatabasePrint&) const = default;
};

// What a cluster holds, in a form that two major versions can be compared by.
struct Fingerprint {
  // 1 listed what is compared, 2 what is not.
  static constexpr int kFormat = 2;
  int format = kFormat;
  int version_num = 0;   // of the server, which decides what a difference means
  std::string row_hash;  // the function that hashes rows; both sides must use the same
  std::map<std::string, DatabasePrint> databases;
  Objects shared;  // roles, databases and what else all databases share

  std::int64_t table_count() const;
  std::int64_t row_count() const;
  std::int64_t sequence_count() const;
  std::int64_t role_count() const;
  bool operator==(const Fingerprint&) const = default;
};

// Tables and large objects of each database, and nothing else.
Fingerprint only_rows(Fingerprint print);

// Each difference as one sentence that names database, object and attribute ("database \"shop\": table
// public.t: persistence is \"permanent\", expected \"unlogged\""), at most `limit`; empty when equal.
// `expected` is the old cluster. What the newer version makes different by itself (version_differences.hpp)
// is no difference. Of `not_dumped` a table must be there with no fewer rows: a newer extension may bring
// more.
std::vector<std::string> differences(const Fingerprint& expected, const Fingerprint& actual,
                                     std::size_t limit = 50);

}  // namespace pgupgrade
