#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade::postgres {

// A table that has parents by INHERITS, or is one of them.
struct InheritingTable {
  std::string oid;
  std::string identity;
  std::vector<std::string> columns;  // identifiers, in their order
  std::vector<std::string> parents;  // oids, in their order
};

// Tables whose columns are in another order after a restore. A dump writes a child's own columns and whose
// child it is; the server then puts the columns of the parents first, in the order of these, as if the child
// had been made so. The parents' order may be another by then, too. In the order of the names.
std::vector<LeftObject> column_orders(const std::vector<InheritingTable>& tables);

}  // namespace pgupgrade::postgres
