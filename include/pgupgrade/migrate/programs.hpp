#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/secret.hpp"

namespace pgupgrade::migrate {

// pg_dump, pg_restore and vacuumdb of one version, and where they are.
struct ClientPrograms {
  int major = 0;
  std::string version;              // "17.6"
  std::filesystem::path directory;  // on this machine; empty: in a container
  std::string image;                // of the container
  bool operator==(const ClientPrograms&) const = default;
};

// A program's command line; each of its connection strings is without a password, which comes apart.
struct Command {
  std::vector<std::string> argv;  // "pg_dump", …; without a directory
  Secret password;                // empty: none is needed, or libpq finds it
};

struct ProgramOutput {
  int exit_code = 0;
  std::string output;   // standard output
  std::string message;  // standard error
  bool succeeded() const { return exit_code == 0; }
};

// Runs PostgreSQL's client programs. Passwords are never arguments and on no disk of this machine.
// A non-zero exit is a value. On cancellation what runs is ended, and Error(interrupted) thrown.
class Programs {
 public:
  virtual ~Programs() = default;
  virtual const ClientPrograms& which() const = 0;
  // `tick` is called about twice a second, from the calling thread; may be empty.
  virtual ProgramOutput run(const Command& command, const std::function<void()>& tick) = 0;
  // What the first writes to its standard output the second reads. The messages of both are in order; the
  // exit code is that of the one that failed first in this order: the second, the first.
  virtual ProgramOutput pipe(const Command& from, const Command& to, const std::function<void()>& tick) = 0;
};

// "17.6" of "pg_dump (PostgreSQL) 17.6 (Debian …)"; empty when it is another program's.
std::string version_in(const std::string& output);

// The versions on this machine, oldest first: in the directories of PATH, and where Debian's and PostgreSQL's
// own packages put them. Directories without both pg_dump and pg_restore of one version are passed over.
std::vector<ClientPrograms> find_programs(const std::vector<std::filesystem::path>& path);

std::unique_ptr<Programs> programs_on_this_machine(const ClientPrograms& which,
                                                   const Cancellation& cancellation);

}  // namespace pgupgrade::migrate
