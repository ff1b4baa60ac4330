#pragma once

#include <string>

namespace pgupgrade::postgres {

// Kind (in the words of pg_restore --list) and number of the objects that a dump of this database holds.
std::string dumpable_counts_sql(int version_num);

}  // namespace pgupgrade::postgres
