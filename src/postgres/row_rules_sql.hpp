#pragma once

#include <string>

// Queries for SqlReader, to be asked in each database: each row is one JSON object in one line.
namespace pgupgrade::postgres {

// The rules of tables that rows can break without the server's notice: unique indexes that sort text in
// another order than they were built in, constraints whose triggers were off or whose functions have changed,
// text that is not in the database's encoding. The smallest tables come first. Of each: "rule" (what it is
// called), "owner" (an identifier: whose rights the query needs; empty: a superuser's), "broken" (a query for
// rows that break it, with a "key" and the "surplus" that each stands for) and "kind":
//   rows      the query says what a restore will find
//   computed  it evaluates an expression, which settings of the restore may make another
//   withheld  it would call functions of people who are no superusers, and is not to be asked
//   encoding  it fails at the first such row
std::string row_rules_sql(int version_num);

inline constexpr const char* kComputedRule = "computed";
inline constexpr const char* kWithheldRule = "withheld";
inline constexpr const char* kEncodingRule = "encoding";

// How many rows break a rule: one row with "broken".
std::string count_broken_sql(const std::string& broken);
// The keys of the first of them: "key".
std::string first_broken_sql(const std::string& broken);

}  // namespace pgupgrade::postgres
