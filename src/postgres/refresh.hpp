#pragma once

#include <string>
#include <vector>

#include "pgupgrade/postgres/server.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {

// The work that is left in one database after a restore; returns what was done, a line each.
std::vector<std::string> refresh_database(Session& session);

// The tables that may be given to vacuumdb, when not all may.
AnalyzeScope read_analyze_scope(Session& session);
std::vector<RemoteView> read_remote_views(Session& session);

// "schema.table" of each table, partitioned table and materialized view that was never analyzed, but for
// those whose statistics need another server.
std::vector<std::string> never_analyzed(Session& session);

}  // namespace pgupgrade::postgres
