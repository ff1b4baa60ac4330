#pragma once

#include <string>
#include <vector>

#include "postgres/session.hpp"

namespace pgupgrade::postgres {

// The work that is left in one database after a restore; returns what was done, a line each.
std::vector<std::string> refresh_database(Session& session);

// "schema.table" of each table, partitioned table and materialized view that was never analysed.
std::vector<std::string> never_analysed(Session& session);

}  // namespace pgupgrade::postgres
