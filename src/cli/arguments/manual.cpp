#include "pgupgrade/cli/arguments/manual.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "cli/arguments/help.hpp"
#include "pgupgrade/base/code_details.hpp"
#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/cli/text/exit_codes.hpp"

namespace pgupgrade::cli {

namespace {

// Text of ours as roff: what it would take for a request or an escape stands for itself, what is between
// backquotes is bold.
std::string roff(std::string_view text) {
  std::string result;
  bool bold = false;
  for (const char c : text) {
    const bool first = result.empty() || result.back() == '\n';
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if (c == '`')
      result += (bold = !bold) ? "\\fB" : "\\fR";
    else if ((c == '.' || c == '\'') && first)
      result += std::string("\\&") + c;
    else
      result += c;
  }
  return result + (bold ? "\\fR" : "");
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

// A clause of the tables as a sentence. Names of programs keep their small letter.
std::string sentence(std::string text) {
  const bool name = text.starts_with("pg_");
  if (!name && !text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + ".";
}

std::string heading(std::string_view name, std::string_view section, std::string_view title) {
  return fmt::format(".TH {} {} \"\" \"pgupgrade {}\" \"{}\"\n.nh\n.ad l\n", roff(name), section,
                     PGUPGRADE_VERSION, title);
}

std::string section(std::string_view title, const std::string& content) {
  return fmt::format(".SH {}\n{}", title, content);
}

// A term and its meaning.
std::string tagged(const std::string& term, const std::string& meaning) {
  return fmt::format(".TP\n{}\n{}\n", term, meaning);
}

std::string option_term(const OptionDescription& option) {
  std::string term = option.short_name.empty() ? "" : bold(option.short_name) + ", ";
  term += bold(option.name);
  if (option.takes_value)
    term += fmt::format(" \\fI{}\\fR{}", roff(option.meta), option.repeats ? "..." : "");
  return term;
}

std::string options_of(const CommandDescription& command) {
  std::string text;
  for (const OptionDescription& option : command.options)
    text += tagged(option_term(option), roff(option.help));
  return text;
}

std::string examples_of(const CommandDescription& command) {
  std::string text;
  for (const Example& example : command.examples)
    text += fmt::format(".TP\n{}\n{}\n", bold(example.command), roff(example.meaning));
  return text;
}

std::string synopsis_of(const CommandDescription& command) {
  std::string text = fmt::format("{} {}", bold("pgupgrade"), bold(command.name));
  for (const PositionalDescription& positional : command.positionals)
    text += positional.required ? fmt::format(" \\fI{}\\fR", positional.name)
                                : fmt::format(" [\\fI{}\\fR]", positional.name);
  return text + " [\\fIOPTIONS\\fR]";
}

std::string commands_text(const std::vector<CommandDescription>& commands) {
  std::string text;
  for (const CommandDescription& command : commands) {
    text += fmt::format(".SS {}\n{}\n.PP\n{}\n{}\n", command.name, synopsis_of(command),
                        roff(sentence(command.summary)), roff(command.detail));
    for (const PositionalDescription& positional : command.positionals)
      text += tagged(fmt::format("\\fI{}\\fR", positional.name), roff(positional.help));
    text += options_of(command);
    text += ".PP\nExamples:\n" + examples_of(command);
  }
  return text;
}

std::string exit_text() {
  std::string text;
  for (const ExitRow& row : exit_table())
    text += tagged(bold(row.code), roff(row.to_do.empty() ? std::string(row.meaning)
                                                          : fmt::format("{}: {}", row.meaning, row.to_do)));
  return text;
}

constexpr std::array<std::string_view, 3> kDescription = {
    "It stops the applications, backs the data volume up and reads the backup again, dumps every database "
    "with "
    "the new version's own tools, empties the volume, makes a new cluster, restores, carries configuration "
    "over, "
    "turns md5 passwords into SCRAM, compares every row with what was there before, edits the one line of "
    "the "
    "Compose file that names the image, and starts everything again.",
    "At every instant at least one complete, verified copy of the old data exists. Success is never reported "
    "while the new data differs from the old. Every step is recorded before and after: a run that was cut "
    "off "
    "continues with `pgupgrade resume`, or is taken back with `pgupgrade rollback`.",
    "Without a command it is an upgrade."};

std::string description_text() {
  std::string text;
  for (const std::string_view paragraph : kDescription) text += ".PP\n" + roff(paragraph) + "\n";
  return text;
}

std::string environment_text() {
  return tagged(bold("PGUPGRADE_*"),
                roff("every option: `--state-dir` is `PGUPGRADE_STATE_DIR`. Switches are 1 or "
                     "0, lists are separated by commas. The command line outranks it.")) +
         tagged(bold("PGUPGRADE_FROM") + ", " + bold("PGUPGRADE_TARGET"),
                roff("the servers of `migrate` and `compare`; these may have passwords in them.")) +
         tagged(bold("DOCKER_HOST") + ", " + bold("DOCKER_CONTEXT"),
                roff("which engine; it has to be on this host.")) +
         tagged(
             fmt::format("{}, {}, {}, {}, {}", bold("COMPOSE_FILE"), bold("COMPOSE_PATH_SEPARATOR"),
                         bold("COMPOSE_PROJECT_NAME"), bold("COMPOSE_PROFILES"), bold("COMPOSE_ENV_FILES")),
             roff("as Compose takes them.")) +
         tagged(bold("NO_COLOR"), roff("no colours, when it is not empty."));
}

std::string files_text() {
  return tagged(
             bold(".pgupgrade/RUN/state.json"),
             roff(
                 "beside the Compose file: the plan of a run and what has been done, for its owner alone.")) +
         tagged(bold(".pgupgrade/RUN/backup/"), roff("the verified backup of each data volume.")) +
         tagged(bold(".pgupgrade/RUN/run.log"), roff("what was done and said; without passwords."));
}

std::string page_of_program() {
  const std::vector<CommandDescription> commands = describe_commands();
  return heading("PGUPGRADE", "1", "User Commands") +
         section("NAME",
                 roff("pgupgrade - take the PostgreSQL of a Docker Compose project to a new major version") +
                     "\n") +
         section(
             "SYNOPSIS",
             fmt::format("{} {} \\fIFILE\\fR {} \\fIMAJOR\\fR\n.br\n{} \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n",
                         bold("pgupgrade"), bold("--compose"), bold("--to"), bold("pgupgrade"))) +
         section("DESCRIPTION", description_text()) + section("COMMANDS", commands_text(commands)) +
         section("\"EXIT STATUS\"", exit_text()) + section("ENVIRONMENT", environment_text()) +
         section("FILES", files_text()) +
         section("\"SEE ALSO\"",
                 roff("`pgupgrade-codes`(7), `pg_dump`(1), `pg_upgrade`(1), `docker-compose`(1)") + "\n");
}

std::string page_of_codes() {
  std::string codes;
  for (const CodeRow& row : code_table()) {
    codes += tagged(bold(row.code),
                    roff(sentence(std::string(row.meaning)) + " " + sentence(std::string(row.to_do))));
    if (const CodeDetail* detail = find_detail(row.code))
      codes += fmt::format(".IP\n{}\n.IP\n{}\n", roff(detail->cause), roff(detail->cure));
  }
  return heading("PGUPGRADE-CODES", "7", "Miscellaneous") +
         section("NAME", roff("pgupgrade-codes - errors, notes and warnings of pgupgrade") + "\n") +
         section("DESCRIPTION", roff("Each error begins with E, each note with N, each warning with W. "
                                     "`pgupgrade explain CODE` shows "
                                     "one of them with the state of the data and the exit code.") +
                                    "\n") +
         section("CODES", codes) + section("\"SEE ALSO\"", roff("`pgupgrade`(1)") + "\n");
}

}  // namespace

std::string manual_page(const std::string& name) {
  return name == "pgupgrade-codes" ? page_of_codes() : page_of_program();
}

}  // namespace pgupgrade::cli
