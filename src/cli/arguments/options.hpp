#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"

namespace pgupgrade::cli {

// The options of one command, bound to the Arguments that they fill. Parsing, help, completion and the
// environment all read this one table.
class OptionTable {
 public:
  struct Entry {
    OptionDescription description;
    CLI::Option* option = nullptr;
    std::function<void(const std::string&)> apply;  // a value of the environment
  };

  OptionTable(CLI::App& app, Arguments& arguments, const Environment& environment);

  // The heading of the options that are added next.
  void group(const std::string& heading) { group_ = heading; }
  void add_common();
  void add_project();
  void add_selection();
  void add_rehearsal();  // the selection without what changes something of the user's
  void add_state();
  void add_at();
  void add_older_than();
  void add_dry_run();
  void add_rehearse();
  void add_plan_out();
  void add_report();
  void add_detailed_exitcode();
  void add_verbose();
  void add_rollback_on_failure();
  void add_discard_new_writes();
  void add_migration();   // migrate_options.cpp
  void add_comparison();  // likewise
  void add_alternate();   // likewise

  // Fills what no flag has set from PGUPGRADE_*.
  void apply_environment() const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  void add_services();
  // A connection string, without a password where others can read it.
  void server(const std::string& flag, const std::string& variable, std::string& target,
              const std::string& help);
  void add_passwords();
  void add_jobs();
  void add_accepted();
  void text(const std::string& names, std::string& target, const std::string& meta, const std::string& help);
  // One of `values`.
  void choice(const std::string& names, std::string& target, const std::string& meta, const std::string& help,
              const std::vector<std::string>& values);
  void list(const std::string& names, std::vector<std::string>& target, const std::string& meta,
            const std::string& help, const std::string& separator);
  void number(const std::string& names, int& target, const std::string& meta, const std::string& help,
              int smallest, int largest, const std::string& meaning);
  void flag(const std::string& names, bool& target, const std::string& help);
  static void takes(Entry& entry, const std::string& meta);  // a value
  Entry& remember(const std::string& names, CLI::Option* option, const std::string& help);

  CLI::App& app_;
  Arguments& arguments_;
  const Environment& environment_;
  std::string group_;
  std::vector<Entry> entries_;
};

struct CommandEntry {
  Command command;
  std::string name;
  std::string summary;
  void (*add_options)(OptionTable&);
};
const std::vector<CommandEntry>& command_table();

// Error(usage, "E-CONNECTION") for a connection string on the command line with a password in it, which
// everybody on the machine can read there.
void refuse_password(const std::string& text, const std::string& flag, const std::string& variable);

Error usage_error(const std::string& message, const std::string& hint = {});

// COMPOSE_PATH_SEPARATOR, ":" by default.
std::string path_separator(const Environment& environment);

}  // namespace pgupgrade::cli
