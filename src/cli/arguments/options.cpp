#include "cli/arguments/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/upgrade/strategy/strategy.hpp"

namespace pgupgrade::cli {

namespace {

int parse_number(const std::string& origin, const std::string& text, int smallest, int largest,
                 const std::string& meaning) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stop != end || value < smallest || value > largest)
    throw usage_error(fmt::format("cannot use {} {}: {}", origin, printable(text), meaning));
  return value;
}

bool parse_switch(const std::string& name, const std::string& text) {
  const std::string word = lower(text);
  if (word == "1" || word == "true" || word == "yes" || word == "on") return true;
  if (word == "0" || word == "false" || word == "no" || word == "off") return false;
  throw usage_error(fmt::format("cannot use {} {}: it is a switch, 1 or 0", name, printable(text)));
}

OutputMode parse_output(const std::string& origin, const std::string& text) {
  if (text == "auto") return OutputMode::automatic;
  if (text == "plain") return OutputMode::plain;
  if (text == "json") return OutputMode::json;
  throw usage_error(fmt::format("cannot use {} {}: it is auto, plain or json", origin, printable(text)));
}

std::string variable_of(const std::string& flag) {
  std::string result = "PGUPGRADE_";
  for (const char c : flag.substr(2)) {
    if (c == '-')
      result += '_';
    else
      result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result;
}

}  // namespace

Error usage_error(const std::string& message, const std::string& hint) {
  return Error(ErrorKind::usage, "E-USAGE", message, hint);
}

std::string path_separator(const Environment& environment) {
  const std::string separator = variable(environment, "COMPOSE_PATH_SEPARATOR");
  return separator.empty() ? ":" : separator;
}

OptionTable::OptionTable(CLI::App& app, Arguments& arguments, const Environment& environment)
    : app_(app), arguments_(arguments), environment_(environment) {}

void OptionTable::takes(Entry& entry, const std::string& meta) {
  entry.description.takes_value = true;
  entry.description.meta = meta;
  entry.description.names_file = meta == "FILE";
  entry.description.names_directory = meta == "DIR";
}

OptionTable::Entry& OptionTable::remember(const std::string& names, CLI::Option* option,
                                          const std::string& help) {
  OptionDescription description;
  for (const std::string& name : split_list(names, ","))
    (name.starts_with("--") ? description.name : description.short_name) = name;
  description.group = group_;
  description.help = help;
  entries_.push_back({.description = description, .option = option, .apply = {}});
  return entries_.back();
}

void OptionTable::text(const std::string& names, std::string& target, const std::string& meta,
                       const std::string& help) {
  Entry& entry = remember(names, app_.add_option(names, target, help)->type_name(meta), help);
  takes(entry, meta);
  entry.apply = [&target](const std::string& value) { target = value; };
}

void OptionTable::choice(const std::string& names, std::string& target, const std::string& meta,
                         const std::string& help, const std::vector<std::string>& values) {
  const std::string flag = split_list(names, ",").front();
  const auto set = [&target, values](const std::string& origin, const std::string& value) {
    if (std::find(values.begin(), values.end(), value) == values.end())
      throw usage_error(
          fmt::format("cannot use {} {}: choose from {}", origin, printable(value), join(values, ", ")));
    target = value;
  };
  CLI::Option* option = app_.add_option_function<std::string>(
      names, [set, flag](const std::string& value) { set(flag, value); }, help);
  Entry& entry = remember(names, option->type_name(meta), help);
  takes(entry, meta);
  entry.description.values = values;
  entry.apply = [set, origin = variable_of(flag)](const std::string& value) { set(origin, value); };
}

void OptionTable::list(const std::string& names, std::vector<std::string>& target, const std::string& meta,
                       const std::string& help, const std::string& separator) {
  CLI::Option* option = app_.add_option(names, target, help)->type_name(meta + "...")->expected(1, 1000);
  Entry& entry = remember(names, option, help);
  takes(entry, meta);
  entry.description.repeats = true;
  entry.apply = [&target, separator](const std::string& value) { target = split_list(value, separator); };
}

void OptionTable::number(const std::string& names, int& target, const std::string& meta,
                         const std::string& help, int smallest, int largest, const std::string& meaning) {
  const std::string flag = split_list(names, ",").front();
  const auto set = [&target, smallest, largest, meaning](const std::string& origin,
                                                         const std::string& value) {
    target = parse_number(origin, value, smallest, largest, meaning);
  };
  CLI::Option* option = app_.add_option_function<std::string>(
      names, [set, flag](const std::string& value) { set(flag, value); }, help);
  Entry& entry = remember(names, option->type_name(meta), help);
  takes(entry, meta);
  entry.apply = [set, origin = variable_of(flag)](const std::string& value) { set(origin, value); };
}

void OptionTable::flag(const std::string& names, bool& target, const std::string& help) {
  Entry& entry = remember(names, app_.add_flag(names, target, help), help);
  entry.apply = [&target, name = variable_of(entry.description.name)](const std::string& value) {
    target = parse_switch(name, value);
  };
}

void OptionTable::add_common() {
  group("Output and consent");
  const std::string help = "auto, plain, or json (one event a line on standard output)";
  CLI::Option* option = app_.add_option_function<std::string>(
      "--output", [this](const std::string& value) { arguments_.output = parse_output("--output", value); },
      help);
  Entry& entry = remember("--output", option->type_name("MODE"), help);
  takes(entry, "MODE");
  entry.description.values = {"auto", "plain", "json"};
  entry.apply = [this](const std::string& value) {
    arguments_.output = parse_output("PGUPGRADE_OUTPUT", value);
  };
  flag("--no-color", arguments_.no_color, "no colours (as NO_COLOR)");
  // Most commands ask nothing, but who scripts them types it all the same.
  flag("--yes,-y", arguments_.yes, "do not ask");
}

void OptionTable::add_project() {
  group("Project");
  list("--compose,-f", arguments_.compose, "FILE",
       "the Compose files, in order (default: COMPOSE_FILE, else what Compose takes in this directory)",
       path_separator(environment_));
  text("--project-name,-p", arguments_.project_name, "NAME",
       "the Compose project name, if you pass one to Compose");
  list("--profile", arguments_.profiles, "NAME", "profiles to enable", ",");
  list("--env-file", arguments_.env_files, "FILE", "environment files for Compose, in place of .env", ",");
  text("--state-dir", arguments_.state_dir, "DIR",
       "where runs are kept (default: .pgupgrade beside the first Compose file)");
}

void OptionTable::add_services() {
  group("What to upgrade");
  number("--to", arguments_.to, "MAJOR", "the major version to reach, such as 17", 10, 99,
         "a major version is a whole number from 10 to 99, such as 17");
  list("--service", arguments_.services, "NAME", "the PostgreSQL services (default: the only one)", ",");
  flag("--all", arguments_.all, "all PostgreSQL services of the project");
  text("--container", arguments_.container, "NAME",
       "a container of docker run, which no Compose file describes, in place of a project's services");
  text("--image", arguments_.image, "REF", "the new image, if it cannot be derived from the old one");
}

void OptionTable::add_passwords() {
  group("Passwords");
  text("--password-file", arguments_.password_file, "FILE",
       "lines role:password (\\: for a colon in a name), for roles with md5; mode 0600");
  flag("--keep-md5", arguments_.keep_md5, "keep md5 for roles whose password is unknown");
}

void OptionTable::add_jobs() {
  group("How");
  number("--jobs", arguments_.jobs, "N", "parallel jobs of dump and restore (default: from the processors)",
         1, 256, "it is a whole number from 1 to 256");
}

void OptionTable::add_accepted() {
  group("Safety");
  list("--accept", arguments_.accept, "CODE", "proceed despite these plan errors", ",");
  for (const CodeRow& row : code_table())
    if (row.kind == ErrorKind::refused) entries_.back().description.values.emplace_back(row.code);
}

void OptionTable::add_rehearsal() {
  add_services();
  group("How");
  list("--run", arguments_.scripts, "FILE",
       "run these SQL scripts on the new cluster at the end, in order, each in a transaction unless it has "
       "its "
       "own",
       ",");
  text("--database,-d", arguments_.database, "NAME", "where the scripts are run (default: the only one)");
  flag("--keep", arguments_.keep, "keep the new server running, on a port of 127.0.0.1, until cleanup");
  add_passwords();
  add_jobs();
  add_accepted();
}

void OptionTable::add_selection() {
  add_services();
  text(
      "--old-image", arguments_.old_image, "REF",
      "where the image was changed already and does not start on the old data: start the service on this one "
      "first");
  group("How");
  std::vector<std::string> names = {kAuto};
  std::string summaries = "auto: one that suits, as the plan explains";
  for (const upgrade::Strategy& strategy : upgrade::strategies()) {
    names.push_back(strategy.name);
    summaries += fmt::format("; {}: {}", strategy.name, strategy.summary);
  }
  choice("--strategy", arguments_.strategy, "NAME",
         fmt::format("how the data gets into the new cluster ({}; default: {})", summaries, names.front()),
         names);
  choice(
      "--verify", arguments_.verify, "WHAT",
      "when the rows of both sides are compared: before the applications start again (full, the default "
      "of strategy dump), as they were then once these run again (deferred, the default of warm), or never "
      "(catalog). The last two need strategy warm, which takes the very files over",
      {"full", "deferred", "catalog"});
  choice("--backup", arguments_.backup, "WAY",
         "how the old data can come back: an archive, after which the new cluster takes its place (tar, the "
         "default), or itself, kept beside the new one, which it changes places with (aside; as always with "
         "strategy warm)",
         {"tar", "aside"});
  add_passwords();
  group("How");
  text("--backup-dir", arguments_.backup_dir, "DIR",
       "where the backup of the data is written (default: the run's own directory)");
  text("--keep-dumps", arguments_.keep_dumps, "DIR",
       "keep the dump of each database there, for pg_restore, until cleanup");
  flag("--no-edit", arguments_.no_edit,
       "leave the project's files alone: start the new image by an override of the run's own, and say what "
       "to set");
  flag("--keep-going", arguments_.keep_going,
       "of several services, take only those back that fail, and upgrade the others (exit code 11)");
  flag(
      "--deep", arguments_.deep,
      "let the plan read the rows of every table, for those that a restore would refuse (up to ten minutes)");
  text("--before-freeze", arguments_.before_freeze, "COMMAND",
       "run this by sh before the applications stop; when it fails, so does the run (as with the next two)");
  text("--after-verify", arguments_.after_verify, "COMMAND",
       "run this when the new cluster was found equal to the old one");
  text("--after-thaw", arguments_.after_thaw, "COMMAND", "run this when the applications run again");
  add_jobs();
  add_accepted();
}

void OptionTable::add_state() {
  group("Which run");
  text("--state", arguments_.state, "FILE",
       "the run's state file, directory or id (default: the only unfinished run)");
  list("--compose,-f", arguments_.compose, "FILE", "the Compose files of the run, to find it beside them",
       path_separator(environment_));
  text("--state-dir", arguments_.state_dir, "DIR", "where runs are kept");
}

void OptionTable::add_older_than() {
  text("--older-than", arguments_.older_than, "AGE",
       "every run that ended so long ago (12h, 30d, 2w), in place of one");
}

void OptionTable::add_at() {
  group("How");
  text("--at", arguments_.at, "TIME",
       "prepare now, but stop nothing before this local time (03:00, or 2026-12-01T03:00)");
}

void OptionTable::add_dry_run() {
  group("Safety");
  flag("--dry-run", arguments_.dry_run, "show the plan, and change nothing");
}
void OptionTable::add_rehearse() {
  group("How");
  flag(
      "--rehearse", arguments_.rehearse,
      "restore the schema and small databases on the new image, as an upgrade does before it stops anything");
}
void OptionTable::add_plan_out() {
  group("How");
  text("--out", arguments_.plan_out, "FILE", "save the plan there, for `pgupgrade apply FILE`");
}
void OptionTable::add_report() {
  group("What to write");
  text("--html", arguments_.report_html, "FILE", "write the page there (-: to standard output)");
  text("--json", arguments_.report_json, "FILE", "write the JSON there (-: to standard output)");
}
void OptionTable::add_detailed_exitcode() {
  group("Safety");
  flag("--detailed-exitcode", arguments_.detailed_exitcode, "exit 10 when the plan would change something");
}
void OptionTable::add_verbose() {
  group("Output and consent");
  flag("--verbose", arguments_.verbose, "in the plan, a line for each thing that was looked at");
}
void OptionTable::add_rollback_on_failure() {
  group("Safety");
  flag("--rollback-on-failure", arguments_.rollback_on_failure,
       "roll back automatically if a step fails (exit code 4)");
}
void OptionTable::add_discard_new_writes() {
  group("Safety");
  flag("--discard-new-writes", arguments_.discard_new_writes,
       "roll back even if it discards data written since");
  // An earlier name, which scripts may still give.
  app_.add_flag("--lose-new-writes", arguments_.discard_new_writes)->group("");
}

void OptionTable::apply_environment() const {
  for (const Entry& entry : entries_) {
    if (entry.option->count() != 0) continue;
    const std::string value = variable(environment_, variable_of(entry.description.name));
    if (!value.empty()) entry.apply(value);
  }
}

}  // namespace pgupgrade::cli
