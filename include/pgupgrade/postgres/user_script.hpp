#pragma once

#include <string>

// What is known of a script of the user's, which psql is to run, before it runs. Pure.
namespace pgupgrade::postgres {

inline constexpr const char* kNoTransaction = "-- pgupgrade: no transaction";

// Whether a script has transactions of its own, or must not be in one (CREATE INDEX CONCURRENTLY, VACUUM).
bool sees_to_transactions(const std::string& script);

// The first line, from 1, at which psql would leave the script for another file or another database (\i, \c);
// 0: there is none.
struct LeavingLine {
  std::size_t number = 0;
  std::string command;  // "\connect"
};
LeavingLine leaving_line(const std::string& script);

// A line of it, from 1, fit to be shown; empty where there is none.
std::string line_of(const std::string& script, int number);

}  // namespace pgupgrade::postgres
