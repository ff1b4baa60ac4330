#pragma once

#include <string>
#include <vector>

#include "pgupgrade/migrate/alternate.hpp"
#include "pgupgrade/postgres/remote.hpp"

// What is ours in an alternate database bears a comment that says so.
namespace pgupgrade::migrate {

inline constexpr const char* kAlternateMark = "pgupgrade: alternate copy of database ";

std::string mark_of(const AlternateState& state);

struct Marks {
  bool database = false;
  std::vector<std::string> schemas;
};
// Comments that begin so.
Marks read_marks(postgres::RemoteServer& server, const std::string& into, const std::string& beginning);

// Whether the database is one that a run which died had created for the copy a moment before: empty and
// unmarked.
bool was_just_created(const AlternateState& state, postgres::RemoteServer& server);

// Whether the server has a database of that name.
bool is_there(postgres::RemoteServer& server, const std::string& database);

}  // namespace pgupgrade::migrate
