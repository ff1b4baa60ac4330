#pragma once

#include <cstdint>
#include <string>

// What is asked of both servers: each statement yields rows of one JSON object, and needs no superuser.
namespace pgupgrade::migrate {

std::string server_sql();  // one row
std::string databases_sql(int version_num);
std::string roles_sql(int version_num);  // name, whether this role may give objects to it
std::string tablespaces_sql();
std::string extensions_sql(int version_num);

// In one database of the source.
std::string contents_sql();      // one row
std::string unreadable_sql();    // what
std::string roles_needed_sql();  // why (owner, grantee, policy), role
std::string largest_tables_sql(std::int64_t at_least_bytes);

// In the database at the target that is to be filled; one row.
std::string destination_sql();

}  // namespace pgupgrade::migrate
