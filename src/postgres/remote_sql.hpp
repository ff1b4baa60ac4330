#pragma once

#include <string>

// Queries for what reads foreign tables, and so asks another server.
namespace pgupgrade::postgres::sql {

// "WITH RECURSIVE remote(oid) AS (…) ": the foreign tables, and all that have one among their children, which
// is what ANALYZE of them reads.
std::string with_remote();
// A condition on `alias` (of pg_class) below with_remote().
std::string not_remote(const std::string& alias);

// A SELECT of oid, schema and name of the populated materialized views that read foreign tables, directly or
// through parents, other views, and functions whose body or row type names one. What the text of a function
// reads stands in no catalog.
std::string remote_views();
// The same, populated or not.
std::string all_remote_views();

}  // namespace pgupgrade::postgres::sql
