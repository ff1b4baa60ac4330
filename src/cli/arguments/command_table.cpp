// The commands, and which options each of them takes.
#include "cli/arguments/options.hpp"

namespace pgupgrade::cli {

namespace {

void for_upgrade(OptionTable& table) {
  table.add_project();
  table.add_selection();
  table.add_at();
  table.add_dry_run();
  table.add_detailed_exitcode();
  table.add_rollback_on_failure();
  table.add_verbose();
}
void for_plan(OptionTable& table) {
  table.add_project();
  table.add_selection();
  table.add_rehearse();
  table.add_plan_out();
  table.add_detailed_exitcode();
  table.add_verbose();
}
void for_rehearse(OptionTable& table) {
  table.add_project();
  table.add_rehearsal();
  table.add_alternate();
  table.add_dry_run();
}
void for_apply(OptionTable& table) {
  table.add_dry_run();
  table.add_rollback_on_failure();
  table.add_verbose();
}
void for_prepare(OptionTable& table) {
  table.add_project();
  table.add_selection();
  table.add_verbose();
}
void for_dump(OptionTable& table) {
  table.add_project();
  table.add_selection();
  table.add_rollback_on_failure();
  table.add_verbose();
}
void for_load(OptionTable& table) {
  table.add_state();
  table.add_rollback_on_failure();
}
void for_run(OptionTable& table) {
  table.add_state();
}
void for_cleanup(OptionTable& table) {
  table.add_state();
  table.add_older_than();
}
void for_report(OptionTable& table) {
  table.add_state();
  table.add_report();
}
void for_resume(OptionTable& table) {
  table.add_state();
  table.add_at();
  table.add_rollback_on_failure();
}
void for_rollback(OptionTable& table) {
  table.add_state();
  table.add_discard_new_writes();
}
void for_migrate(OptionTable& table) {
  table.add_migration();
  table.add_dry_run();
}
void for_compare(OptionTable& table) {
  table.add_comparison();
}
void for_project(OptionTable& table) {
  table.add_project();
}
void for_none(OptionTable&) {}

}  // namespace

const std::vector<CommandEntry>& command_table() {
  static const std::vector<CommandEntry> table = {
      {Command::upgrade, "upgrade", "upgrade PostgreSQL to a new major version (the default command)",
       for_upgrade},
      {Command::plan, "plan", "show what an upgrade would do, and change nothing", for_plan},
      {Command::rehearse, "rehearse",
       "carry out a whole upgrade, or your own scripts, on a copy beside what runs", for_rehearse},
      {Command::apply, "apply", "carry out a plan that `plan --out` has saved, or say what has changed since",
       for_apply},
      {Command::prepare, "prepare", "do all that can be done while the service runs, and stop there",
       for_prepare},
      {Command::run, "run", "carry out a run that `prepare` has prepared", for_resume},
      {Command::dump, "dump", "begin an upgrade: stop, back up and dump, and halt there", for_dump},
      {Command::wipe, "wipe", "go on with what `dump` has begun: empty the data directory", for_run},
      {Command::load, "load", "go on with what `wipe` has emptied: restore, verify, start", for_load},
      {Command::resume, "resume", "continue an interrupted or failed run", for_resume},
      {Command::roll_back, "rollback", "restore everything as it was before the run", for_rollback},
      {Command::cancel, "cancel", "give up a run that `prepare` has prepared", for_run},
      {Command::status, "status", "show a run: its steps, where the data is, what to type next", for_run},
      {Command::report, "report", "write the report of a run, as a page and as JSON", for_report},
      {Command::clean_up, "cleanup", "remove backup, dump and other leftovers of a run that has ended",
       for_cleanup},
      {Command::migrate, "migrate", "copy databases from any reachable server to another, and compare them",
       for_migrate},
      {Command::compare, "compare", "compare databases of two servers, every object and every row",
       for_compare},
      {Command::unlock, "unlock", "release the lock of a run that no longer exists", for_run},
      {Command::verify_backup, "verify-backup",
       "re-read a backup completely and verify it against its manifest", for_none},
      {Command::doctor, "doctor", "check whether this machine and project are ready", for_project},
      {Command::explain, "explain", "explain an error, warning or note by its code; all of them without one",
       for_none},
      {Command::completion, "completion", "print the completion script for bash, zsh or fish", for_none},
      {Command::manual, "man", "print the manual page, or that of all codes", for_none},
  };
  return table;
}

}  // namespace pgupgrade::cli
