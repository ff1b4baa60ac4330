#pragma once

#include <vector>

#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade::planning {

// In what the members that were found are not those that the extensions' own scripts make, which `expected`
// holds. Extensions that `expected` does not know are passed over. Each change has the statement that carries
// it over, if there is one; those that give an object its name come first.
std::vector<MemberChange> member_changes(const std::vector<ExtensionMember>& expected,
                                         const std::vector<ExtensionMember>& found);

// "ALTER EXTENSION … ADD …", "ALTER EXTENSION … DROP …".
std::string add_member(const MemberChange& change);
std::string drop_member(const MemberChange& change);

}  // namespace pgupgrade::planning
