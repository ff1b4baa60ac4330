#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade::planning {

// In what the members that were found are not those that the extensions' own scripts make, which `expected`
// holds. Extensions that `expected` does not know are passed over. Each change has the statement that carries
// it over, if there is one; those that give an object its name come first.
std::vector<MemberChange> member_changes(const std::vector<ExtensionMember>& expected,
                                         const std::vector<ExtensionMember>& found);

// Gives those that were taken out of an extension their statements, and those that were added while it was
// not known whether one had only another name. `others` are the objects of these names that are there without
// an extension. One that is as its script makes it is a member again while it is dumped; one that is gone is
// dropped again.
void carry_removed(std::vector<MemberChange>& changes, const std::vector<ExtensionMember>& expected,
                   const std::vector<ExtensionMember>& others);

// The attribute of an operator family that lists what was added to it by itself: a clause of ALTER OPERATOR
// FAMILY … ADD in each line.
inline constexpr const char* kLooseMembers = "loose members";

// The attribute that lists what was granted on an object of the information schema: a line each, "SELECT
// PUBLIC" with a star behind the privilege where it may be granted on.
inline constexpr const char* kInformationSchemaGrants = "privileges";

// Attributes of a table that list what stands on it: in each line a statement that makes one such thing.
inline constexpr const char* kIndexes = "indexes";
inline constexpr const char* kTriggers = "triggers";
inline constexpr const char* kConstraints = "constraints";
inline constexpr const char* kRules = "rules";

// Whether it is such an attribute: its statements are for when all rows and objects are there.
bool stands_on_table(const MemberChange& change);

// Whether an altered object that has this value by now is as the change says.
bool is_made(const MemberChange& change, const std::string& value);

// Whether an object that was added or taken out is the other way while it is dumped.
bool is_moved(const MemberChange& change);

// "ALTER EXTENSION … ADD …", "ALTER EXTENSION … DROP …".
std::string add_member(const MemberChange& change);
std::string drop_member(const MemberChange& change);

}  // namespace pgupgrade::planning
