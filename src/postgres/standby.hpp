#pragma once

#include <map>
#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {

StandbyState read_standby_state(Session& session);
bool read_has_replayed(Session& session, const std::string& location);
void promote_standby(Session& session);

std::string unlogged_tables_sql();
// Columns with a mark of the server's own (Server::clear_column_marks), and how many there are.
inline constexpr const char* kMarkedColumns =
    "attrelid >= 16384 AND pg_catalog.array_to_string(attoptions, ' ') LIKE '%pg\\_attver=%' AND EXISTS "
    "(SELECT "
    "FROM pg_catalog.pg_class r WHERE r.oid = attrelid AND r.relkind <> 'c')";
std::string column_marks_sql();
std::map<std::string, std::string> read_relation_files(Session& session);

// Of one database: rebuilds the indexes whose order may have changed with the operating system's or ICU's
// collations, and returns what was done, a line each.
std::vector<std::string> rebuild_collated_indexes(Session& session, LibcCollations libc);

}  // namespace pgupgrade::postgres
