#pragma once

#include <string>
#include <vector>

#include "pgupgrade/model/left_behind.hpp"
#include "pgupgrade/postgres/sql.hpp"

// Objects that neither a user's own statement nor a dump makes: those of extensions and of initdb. One list
// of attributes holds for all of them.
namespace pgupgrade::postgres {

// A JSON object a row, in one line: a member of an extension other than plpgsql, or an object of initdb's
// that somebody has touched since, perhaps without a change (its extension is empty). The same text on each
// server of one version for the same members.
std::string members_sql(int version_num);
// The same about objects of initdb's, touched or not: those of `names`, or more.
std::string built_ins_sql(int version_num, const std::vector<std::string>& names);

// "type identity", as `names` are.
std::string name_of(const ExtensionMember& member);

// One answer of it. Error(failed, "E-SQL") when it is none.
ExtensionMember member_of_json(const std::string& row);

// Of members_sql(): ordered by extension, type and identity.
std::vector<ExtensionMember> read_members(SqlReader& reader, const std::string& database, int version_num);
// Objects of these names that belong to no extension; "privileges" among their attributes.
std::vector<ExtensionMember> read_others(SqlReader& reader, const std::string& database, int version_num,
                                         const std::vector<std::string>& names);

// Of the members of extensions, and of initdb's objects, among what was read: to see later that nothing has
// changed.
std::string digest_of_members(const std::vector<ExtensionMember>& members);
std::string digest_of_built_ins(const std::vector<ExtensionMember>& members);

}  // namespace pgupgrade::postgres
