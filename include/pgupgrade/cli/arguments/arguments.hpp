#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/base/environment.hpp"

namespace pgupgrade::cli {

enum class Command {
  upgrade,
  plan,
  rehearse,
  apply,
  prepare,
  run,
  dump,
  wipe,
  load,
  resume,
  roll_back,
  cancel,
  status,
  report,
  clean_up,
  migrate,
  compare,
  unlock,
  verify_backup,
  doctor,
  completion,
  explain,
  manual,
};

enum class OutputMode { automatic, plain, json };

// Of migrate and compare, and of rehearse within one server (with `into`).
struct MigrateArguments {
  std::string from;  // connection strings; may have a password when they come from the environment
  std::string target;
  std::vector<std::string> databases;
  std::string into;
  std::string format = "stream";
  bool roles = false;
  bool no_owner = false;
  std::vector<std::string> schemas;  // these and the next two of rehearse
  bool apply = false;
  bool drop = false;
  bool operator==(const MigrateArguments&) const = default;
};

// The command line and the PGUPGRADE_* environment, as the user wrote them: nothing is looked up yet.
struct Arguments {
  Command command = Command::upgrade;
  std::vector<std::string> compose;
  std::string project_name;
  std::vector<std::string> profiles;
  std::vector<std::string> env_files;
  std::string state_dir;
  std::string state;  // --state: a state file, or the directory of a run

  int to = 0;
  std::string container;
  std::vector<std::string> services;
  bool all = false;
  std::string strategy = "auto";
  std::string older_than;  // --older-than: the age of runs that are cleaned up
  std::string at;          // --at: when the downtime may begin
  std::string image;
  std::string old_image;
  std::string password_file;
  std::string verify;  // empty: by the strategy
  bool keep_md5 = false;
  std::vector<std::string> accept;
  int jobs = 0;
  std::string backup;  // --backup: empty, "tar" or "aside"
  std::string backup_dir;
  std::string keep_dumps;
  std::string before_freeze;
  std::string after_verify;
  std::string after_thaw;
  bool no_edit = false;
  bool keep_going = false;
  bool deep = false;
  std::vector<std::string> scripts;  // --run of rehearse
  std::string database;              // --database of rehearse
  bool keep = false;                 // --keep of rehearse

  std::string plan_out;     // --out of plan
  std::string report_html;  // --html, --json of report; "-": standard output
  std::string report_json;

  bool dry_run = false;
  bool rehearse = false;  // of plan: an upgrade always does
  bool detailed_exitcode = false;
  bool verbose = false;
  bool yes = false;
  bool rollback_on_failure = false;  // upgrade, resume: exit 4 when that was needed
  bool discard_new_writes = false;

  MigrateArguments migrate;

  OutputMode output = OutputMode::automatic;
  bool no_color = false;

  std::string file;   // of verify-backup, apply
  std::string shell;  // of completion
  std::string code;   // of explain; empty: all
  std::string page;   // of man; empty: that of the program
  bool operator==(const Arguments&) const = default;
};

struct Invocation {
  std::optional<Arguments> arguments;  // nothing when `text` is all that was asked for
  std::string text;                    // of --help and --version
};

// `words` is argv without the program's name. Flags outrank PGUPGRADE_* (a flag --a-b is PGUPGRADE_A_B; lists
// are separated by commas, compose files by COMPOSE_PATH_SEPARATOR or ":"), which outranks defaults.
// Throws Error(usage, "E-USAGE") that names the flag or the variable.
Invocation parse_arguments(const std::vector<std::string>& words, const Environment& environment);

// Whether JSON was asked for, as far as that can be told from words that need not parse: errors of parsing
// must reach a program that reads JSON, too.
bool asks_for_json(const std::vector<std::string>& words, const Environment& environment);

struct OptionDescription {
  std::string name;        // "--compose"
  std::string short_name;  // "-f", empty if none
  std::string group;       // the heading that it stands under in --help and in the manual page
  std::string meta;        // "FILE", what its value is; empty if it takes none
  std::string help;
  bool takes_value = false;
  bool repeats = false;             // takes several values
  std::vector<std::string> values;  // the allowed ones, empty: anything
  bool names_file = false;
  bool names_directory = false;
};

struct PositionalDescription {
  std::string name;  // "FILE"
  std::string help;
  bool required = false;
};

struct Example {
  std::string command;
  std::string meaning;
};

struct CommandDescription {
  std::string name;
  std::string summary;
  std::string detail;  // what the summary does not say; may have several sentences
  std::vector<PositionalDescription> positionals;
  std::vector<OptionDescription> options;
  std::vector<std::string> words;  // that may follow as an argument ("bash", "zsh", "fish")
  bool takes_file = false;         // a file follows
  std::vector<Example> examples;
};

// All commands with all their options, from the same table that parsing uses.
std::vector<CommandDescription> describe_commands();

}  // namespace pgupgrade::cli
