#pragma once

#include <string>
#include <vector>

namespace pgupgrade::postgres {

// The objects of users of these names ("type identity") that belong to no extension.
std::string others_sql(int version_num, const std::vector<std::string>& names);

}  // namespace pgupgrade::postgres
