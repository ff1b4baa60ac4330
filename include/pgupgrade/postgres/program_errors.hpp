#pragma once

#include <string>

namespace pgupgrade::postgres {

// What one of PostgreSQL's programs (pg_dump, pg_restore, psql, vacuumdb, initdb) said when it failed: of
// several errors the first, since the others mostly follow from it. Fields that it did not give are empty.
struct ProgramFailure {
  std::string error;      // what follows "ERROR:" or "FATAL:", else "program: error:"
  std::string detail;     // the server's
  std::string hint;       // the server's, or the program's own
  std::string context;    // the server's, in one line
  std::string table;      // whose rows it was about
  std::string database;   // which vacuumdb was at
  std::string entry;      // "VIEW public orders postgres" of "from TOC entry …"
  std::string statement;  // "Command was: …", whole
  int line = 0;           // of psql's script, from 1
};
ProgramFailure parse_failure(const std::string& output);

// The same for people.
struct Explanation {
  std::string object;  // "view public.orders"; empty when it is not known
  std::string cause;   // the server's words with their detail; empty when the output had no error in it
  std::string cure;    // what to do about it; empty when it is not known
};
Explanation explain(const ProgramFailure& failure);

}  // namespace pgupgrade::postgres
