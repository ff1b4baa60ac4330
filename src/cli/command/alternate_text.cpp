#include "cli/command/alternate_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/text/migration_rows.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/text/render_plan.hpp"

namespace pgupgrade::cli {
namespace {

using migrate::AlternateState;
using migrate::Purpose;
using migrate::Script;

std::string name_of(const Script& script) {
  return printable(std::filesystem::path(script.path).filename().native());
}

std::string names_of(const std::vector<Script>& scripts) {
  std::vector<std::string> names;
  for (const Script& script : scripts) names.push_back(name_of(script));
  return join(names, ", ");
}

// The command with other ends: `more` in place of --apply and --drop.
std::string command_line(const Arguments& arguments, const AlternateState& state, const std::string& more) {
  const bool drops = more == " --drop";
  std::string text = "pgupgrade rehearse";
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) text += " " + flag + " " + shell_word(value);
  };
  for (const std::string& file : arguments.compose) add("--compose", file);
  add("--project-name", arguments.project_name);
  for (const std::string& profile : arguments.profiles) add("--profile", profile);
  for (const std::string& file : arguments.env_files) add("--env-file", file);
  for (const std::string& service : arguments.services) add("--service", service);
  add("--container", arguments.container);
  // A string of the environment may have a password in it.
  if (postgres::parse_endpoint(arguments.migrate.from, "--from").password.empty())
    add("--from", arguments.migrate.from);
  add("--password-file", arguments.password_file);
  add("--database", arguments.database);
  if (!drops)
    for (const std::string& schema : arguments.migrate.schemas) add("--schema", schema);
  add("--into", state.into);
  if (!drops)
    for (const std::string& script : arguments.scripts) add("--run", script);
  if (!drops && arguments.migrate.no_owner) text += " --no-owner";
  add("--image", arguments.image);
  add("--state-dir", arguments.state_dir);
  return text + more;
}

std::string place_of_copy(const migrate::AlternatePlan& plan) {
  const bool creates = plan.plan.databases.front().create;
  const std::string name = printable(plan.state.into);
  if (plan.replaces) return name + "; the earlier copy there is dropped, and made anew";
  return name + (creates ? "; is created" : "; exists, and the schemas are created in it");
}

}  // namespace

std::string render_alternate_plan(const migrate::AlternatePlan& plan, const Style& style) {
  const AlternateState& state = plan.state;
  const bool applies = plan.purpose == Purpose::apply;
  const std::string scripts = plural(plan.scripts.size(), "script");
  std::string text =
      paint(style, Color::bold,
            applies ? fmt::format("Plan to apply {} to database {}", scripts, printable(state.database))
                    : fmt::format("Plan to rehearse {} in database {}", scripts, printable(state.into))) +
      "\n";
  const auto row = [&](const std::string& label, const std::string& value) {
    text += migration_row(label, value, style);
  };
  const std::string& address = plan.plan.source.address;
  row("Server",
      (plan.server == address ? "" : printable(plan.server, 500) + ", ") + text_of_side(plan.plan.source));
  row("Database", fmt::format("{}: {} {}, {}, {}", printable(state.database),
                              state.schemas.size() == 1 ? "schema" : "schemas",
                              printable(join(state.schemas, ", "), 1000),
                              plural(static_cast<std::uint64_t>(plan.plan.databases.front().tables), "table"),
                              human_bytes(static_cast<std::uint64_t>(plan.bytes))));
  if (applies) {
    row("Rehearsed", fmt::format("in {} on {}: all passed", printable(state.into), utc_time(state.tried_ms)));
    row("Backup", state.applied.empty() ? "the schemas are dumped first, and the dump is read again"
                                        : printable(state.dump, 500));
    if (!state.applied.empty()) row("Applied", names_of(state.applied));
  } else {
    row("Copy", place_of_copy(plan));
    std::vector<std::string> extensions;
    for (const auto& extension : plan.extensions)
      extensions.push_back(printable(extension.name + " " + extension.version));
    if (!extensions.empty())
      row("Extensions",
          (plan.plan.databases.front().create ? "creates " : "needs ") + join(extensions, ", "));
    if (!state.dump.empty() && state.applied_ms == 0)
      row("Forgets",
          fmt::format("that an application ended midway (applied: {}); its dump stays: {}",
                      state.applied.empty() ? "none" : names_of(state.applied), printable(state.dump, 500)));
  }
  for (const Script& script : plan.scripts)
    row(&script == &plan.scripts.front() ? "Scripts" : "",
        fmt::format("{}, {}", printable(script.path, 500),
                    script.one_transaction ? "in one transaction" : "with transactions of its own"));
  row("Programs", text_of_way(plan.plan));
  text += "\n";
  for (const Diagnostic& diagnostic : plan.plan.diagnostics) text += render_diagnostic(diagnostic, style);
  if (!plan.plan.diagnostics.empty()) text += "\n";
  return text + (applies ? "Nothing has been changed yet.\n"
                         : fmt::format("Database {} is only read. Nothing has been changed yet.\n",
                                       printable(state.database)));
}

std::vector<std::string> alternate_lines(const AlternateState& state, Purpose purpose) {
  if (purpose == Purpose::rehearse)
    return {fmt::format("Rehearsed {} on a copy in database {}: all passed",
                        plural(state.passed.size(), "script"), printable(state.into))};
  return {fmt::format("Applied {} to database {} on {}", plural(state.applied.size(), "script"),
                      printable(state.database), utc_time(state.applied_ms)),
          state.dump.empty() ? "The dump of the state before was removed by cleanup"
                             : "The state before: " + printable(state.dump, 500)};
}

std::vector<std::string> next_for_alternate(const AlternateState& state, Purpose purpose,
                                            const Arguments& arguments) {
  std::vector<std::string> next;
  if (purpose == Purpose::rehearse) next.push_back(command_line(arguments, state, " --apply"));
  if (state.copied) next.push_back(command_line(arguments, state, " --drop"));
  if (!state.dump.empty())
    next.push_back(fmt::format(
        "pgupgrade cleanup{} --state {} (removes the dump)",
        arguments.state_dir.empty() ? "" : " --state-dir " + shell_word(arguments.state_dir), state.id));
  return next;
}

std::vector<std::string> standing_lines(const AlternateState& state) {
  std::vector<std::string> lines;
  if (!state.passed.empty()) lines.push_back("Passed    " + names_of(state.passed));
  if (!state.applied.empty()) lines.push_back("Applied   " + names_of(state.applied));
  if (!state.under_way.empty())
    lines.push_back("Began     the one after; it was cut off or failed, and may have left a part");
  if (state.copied)
    lines.push_back(fmt::format("Copy      in database {}; pgupgrade rehearse … --into {} --drop removes it",
                                printable(state.into), shell_word(printable(state.into))));
  if (!state.way_back.empty()) lines.push_back("Way back  " + join(state.way_back, " && "));
  return lines;
}

Situation situation_of(const AlternateState& state, const Arguments& arguments) {
  Situation situation;
  const std::string database = "database " + printable(state.database);
  const bool is_touched = !state.applied.empty() || !state.under_way.empty();
  if (arguments.command != Command::rehearse) {
    situation.data = is_touched
                         ? fmt::format("{}: applied: {}{}", database,
                                       state.applied.empty() ? "none" : names_of(state.applied),
                                       migrate::is_midway(state) ? "; the others were not, or in part" : "")
                         : database + " is untouched";
    if (migrate::is_midway(state)) situation.next = {join(state.way_back, " && ")};
    return situation;
  }
  const std::string copy =
      state.copied ? fmt::format("; the copy in {} stays for a look", printable(state.into)) : "";
  if (!arguments.migrate.apply && !is_touched) {
    situation.data = fmt::format("{} is untouched{}", database, copy);
    situation.next = {command_line(arguments, state, "")};
    if (state.copied) situation.next.push_back(command_line(arguments, state, " --drop"));
    return situation;
  }
  if (!is_touched) {
    situation.data = fmt::format("{} is as it was: nothing was applied{}", database, copy);
    situation.next = {command_line(arguments, state, " --apply")};
    return situation;
  }
  const std::size_t left = state.passed.size() - std::min(state.passed.size(), state.applied.size());
  situation.data = fmt::format(
      "{}: applied: {}; {}", database, state.applied.empty() ? "none" : names_of(state.applied),
      state.under_way.empty() ? fmt::format("what follows left nothing ({})", plural(left, "script"))
                              : "the next one was cut off or failed, and may have left a part");
  if (state.under_way.empty() || state.passed.at(state.applied.size()).one_transaction)
    situation.next = {command_line(arguments, state, " --apply")};
  if (!state.way_back.empty()) situation.next.push_back(join(state.way_back, " && "));
  return situation;
}

}  // namespace pgupgrade::cli
