#pragma once

#include "pgupgrade/base/clock.hpp"
#include "pgupgrade/model/inventory.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// Reads the rows of every table that has rules, and fills LeftBehind::rows of each database that allows
// connections with the rules that some break or that could not be checked. One rule may take a minute, all
// together ten; the largest tables come last. The statements read only, as the tables' owners.
void read_row_rules(SqlReader& reader, Inventory& inventory, const Clock& clock);

}  // namespace pgupgrade::postgres
