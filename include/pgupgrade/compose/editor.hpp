#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/model/facts.hpp"

namespace pgupgrade::compose {

// The source-preserving editor: text in, text out; no file is read or written here.

struct Sources {
  std::vector<std::string> compose_files;    // paths in -f order, includes and extends' files after
  std::vector<std::string> env_files;        // .env files that serve interpolation, in order
  std::map<std::string, std::string> texts;  // path -> content of all of these, and of services' env files
  std::map<std::string, std::string> environment;  // the shell's variables that outrank .env
  // How many of compose_files are -f files; 0: the first, and all that no other includes or extends.
  std::size_t given_files = 0;
};

struct ImageChange {
  std::string service;
  std::string old_image;  // what Compose resolves now
  std::string new_image;  // what it shall resolve to
  // Services of the same run that the same edit may change along: they share an anchor, a base or a variable.
  std::vector<std::string> companions;
  std::string new_pgdata = {};  // what PGDATA may become by the same edit, where both name the version
};

struct MountChange {  // for images from 18 on, whose data directory moved
  std::string service;
  std::string old_target;               // "/var/lib/postgresql/data"
  std::string new_target;               // "/var/lib/postgresql"
  std::vector<std::string> companions;  // as above
};

struct VariableChange {  // of a service's environment
  std::string service;
  std::string name;       // "PGDATA"
  std::string old_value;  // what Compose resolves now
  std::string new_value;
  std::vector<std::string> companions;  // as above
};

// The fewest bytes that make the service's image (and mount target) read as asked: `image: postgres:15`, the
// default of `${VAR:-15}`, the value in .env, an anchor's scalar; quotes, comments, indentation and line ends
// stay. Follows: the last -f file that names the image wins; `extends`, anchors and merge keys (<<) to the
// scalar that really names it; a variable to the .env line or to its default.
// Nothing to change gives no edit. The edits are read back before they are returned: whatever else they would
// change is a reason to refuse, but labels and plain environment values of the same service.
// Throws Error(refused, "E-COMPOSE-EDIT") that names file, line and the hint for what cannot be rewritten
// surely: an image from build:, a value from the shell's environment, a scalar or variable that something
// else uses as well, a block scalar, parts from several places that the new value does not fit.
std::vector<FileEdit> propose_image_edit(const Sources& sources, const ImageChange& change);
std::vector<FileEdit> propose_mount_edit(const Sources& sources, const MountChange& change);
// The same for a variable that `environment:` or a file of `env_file:` gives the service.
std::vector<FileEdit> propose_variable_edit(const Sources& sources, const VariableChange& change);

// The variables of the shell that decide what `field` of the service ("volumes", "environment") reads;
// sorted.
std::vector<std::string> shell_variables(const Sources& sources, const std::string& service,
                                         const std::string& field);

// Where a service's `build:` is: "file:line". Nothing when it has none.
std::optional<std::string> build_place(const Sources& sources, const std::string& service);

// The text with the edits (all of one file) applied. Throws Error(failed, "E-COMPOSE-DRIFT") when an old_text
// does not stand at its offset.
std::string apply_edits(const std::string& text, const std::vector<FileEdit>& edits);

// Files that `include:` and `extends: file:` of a compose text name, relative as written; for the loader of
// Sources.
std::vector<std::string> referenced_files(const std::string& compose_text);
// The same of `env_file:` of its services.
std::vector<std::string> service_env_files(const std::string& compose_text);

}  // namespace pgupgrade::compose
