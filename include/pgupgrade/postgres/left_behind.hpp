#pragma once

#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// Fills DatabaseFacts::left_behind of each database that allows connections. Rows are read for a bounded
// time; what could not be read in it has a `problem`, and so has what the server refuses.
void read_left_behind(SqlReader& reader, Inventory& inventory, const Clock& clock);

}  // namespace pgupgrade::postgres
