#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/left_behind.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::postgres {

// A JSON object a row, in one line: a member of an extension other than plpgsql. The same text on each server
// of one version for the same members.
std::string members_sql(int version_num);

// One answer of it. Error(failed, "E-SQL") when it is none.
ExtensionMember member_of_json(const std::string& row);

// Ordered by extension, type and identity.
std::vector<ExtensionMember> read_members(SqlReader& reader, const std::string& database, int version_num);

// Of all that was read, to see later that nothing has changed.
std::string digest_of_members(const std::vector<ExtensionMember>& members);

}  // namespace pgupgrade::postgres
