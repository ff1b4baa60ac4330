#pragma once

#include <cstdint>
#include <string>

#include "pgupgrade/migrate/request.hpp"

// What is asked of both servers: each statement yields rows of one JSON object, and needs no superuser.
namespace pgupgrade::migrate {

std::string server_sql();  // one row
std::string databases_sql(int version_num);
std::string roles_sql(int version_num);  // name, whether this role may give objects to it
std::string tablespaces_sql();
std::string extensions_sql(int version_num);

// In one database of the source, or in some schemas of it.
std::string contents_sql(const Schemas& schemas);    // one row
std::string unreadable_sql(const Schemas& schemas);  // what
std::string roles_needed_sql(
    const Schemas& schemas);  // why (owner, grantee, policy), role; of schemas: owners
std::string largest_tables_sql(std::int64_t at_least_bytes, const Schemas& schemas);

// What schemas need beside themselves: extension, its schema and version, or `what` of another schema, `by`
// whom.
std::string needs_sql(const Schemas& schemas);

// In the database at the target that is to be filled; one row.
std::string destination_sql(const Schemas& schemas);

}  // namespace pgupgrade::migrate
