#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres/row_forms.hpp"

// The queries behind the parts of a fingerprint that are not objects of the catalogs. Columns are text, in
// the order named.
namespace pgupgrade::postgres {

// Name, whether it accepts connections (true/false).
std::string fingerprint_databases_sql();

using Forms = std::vector<std::pair<std::string, std::string>>;  // row_forms()

// Schema, table, kind (pg_class.relkind), populated (t/f), pages, of an extension (true/false), and
// dumped nevertheless (true/false), SQL of its rows, schema and name of the topmost hash partitioned table
// above it (or NULL: rows move between the partitions of such a table when their hashes change, as those of
// an enum do with each restore). The SQL yields the number of rows, the sum of their hashes, and for each
// stored generated column its name and the sum of its hashes. Virtual generated columns are computed when
// they are read, so they have no values to lose. Large objects and foreign tables are not among them.
std::string tables_sql(const RowHash& hash, const Forms& forms, int version_num);

// Schema, name, definition, SQL of "last_value is_called".
std::string sequences_sql();

// Number of large objects; then the digest of their contents, owners and grants. Bytes that are zero at the
// end of a page do not count: a restore writes out the holes of a sparse object.
std::string large_objects_count_sql();
std::string large_objects_hash_sql(const RowHash& hash);
// The same one by one, for roles that may not read their pages: such a digest equals only another of its
// kind.
std::string large_objects_one_by_one_sql(const RowHash& hash);

}  // namespace pgupgrade::postgres
