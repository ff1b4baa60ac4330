#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgupgrade::migrate {

// How the contents travel: from server to server with no file between, or by dump files in one of pg_dump's
// formats.
enum class CopyForm { stream, custom, directory, tar };
std::string_view text_of(CopyForm form);

// Whether objects keep their owners and grants. Without, all belong to the role that logs in at the target.
enum class Ownership { keep, leave_out };

// Of a database; empty: all of it, also what is in no schema.
using Schemas = std::vector<std::string>;

// What the user asks for. The two servers are apart from it: they have secrets.
struct Request {
  std::vector<std::string> databases;  // of the source; empty: the one that the source's string names
  Schemas schemas = {};                // of the one database
  bool all = false;                    // all that can be connected to, but for templates
  std::string into;                    // the name at the target, of one database; empty: the same
  CopyForm form = CopyForm::stream;
  Ownership ownership = Ownership::keep;
  bool roles = false;  // roles that the databases need and the target lacks are created
  int jobs = 1;
  std::string image;  // where the client programs are, when not on this machine
  std::filesystem::path state_root;
  // Of a rehearsal within one server: what the server is known by (empty: its address), and the container
  // that has it and PostgreSQL's programs (empty: it is reached by its address only).
  std::string server = {};
  std::string container = {};
};

}  // namespace pgupgrade::migrate
