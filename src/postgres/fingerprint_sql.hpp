#pragma once

#include <string>

// The queries behind the parts of a fingerprint that are not objects of the catalogs. Columns are text, in
// the order named.
namespace pgupgrade::postgres {

// Name, whether it accepts connections (true/false).
std::string fingerprint_databases_sql();

// Schema, table, kind (pg_class.relkind), populated (t/f), pages, of an extension (true/false), and
// dumped nevertheless (true/false), SQL of the rows' hashes: "SELECT hash AS h FROM ONLY … [WHERE …]",
// without generated columns, which no dump holds and the new server computes in its own way. Large objects
// and foreign tables are not among them.
std::string tables_sql(const std::string& row_hash, int version_num);

// Count and sum over the answer of such a SQL.
std::string table_hash_sql(const std::string& hashes);

// Schema, name, definition, SQL of "last_value is_called".
std::string sequences_sql();

// Number of large objects; then the digest of their contents, owners and grants. Bytes that are zero at the
// end of a page do not count: a restore writes out the holes of a sparse object.
std::string large_objects_count_sql();
std::string large_objects_hash_sql(const std::string& row_hash);

}  // namespace pgupgrade::postgres
