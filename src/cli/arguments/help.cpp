#include "cli/arguments/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/cli/text/style.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 28;  // where the meaning of an option begins

// The meaning beside the term, or below it when the term is too long.
std::string entry(const std::string& term, const std::string& meaning, std::size_t column) {
  std::string text = "  " + term;
  bool first = display_width(text) + 2 <= column;
  if (!first) text += "\n";
  for (const std::string& line : wrap(meaning, kWidth - column)) {
    text = (first ? pad_right(text, column) : text + std::string(column, ' ')) + line + "\n";
    first = false;
  }
  return text;
}

std::string paragraph(const std::string& text) {
  std::string result;
  for (const std::string& line : wrap(text, kWidth)) result += line + "\n";
  return result;
}

std::vector<std::string> groups_of(const std::vector<OptionDescription>& options) {
  std::vector<std::string> groups;
  for (const OptionDescription& option : options)
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  return groups;
}

std::string options_text(const std::vector<OptionDescription>& options) {
  std::string text;
  for (const std::string& group : groups_of(options)) {
    text += fmt::format("\n{}:\n", group);
    for (const OptionDescription& option : options)
      if (option.group == group) text += entry(typed(option), option.help, kColumn);
  }
  return text + entry("-h, --help", "print this text, and do nothing", kColumn);
}

std::string examples_text(const CommandDescription& command) {
  std::string text = "\nExamples:\n";
  for (const Example& example : command.examples)
    text += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return text;
}

}  // namespace

std::string typed(const OptionDescription& option) {
  const std::string name = option.short_name.empty() ? "    " + option.name
                                                     : fmt::format("{}, {}", option.short_name, option.name);
  if (!option.takes_value) return name;
  return fmt::format("{} {}{}", name, option.meta, option.repeats ? "..." : "");
}

std::string command_help(const CommandDescription& command) {
  std::string usage = "Usage: pgupgrade " + command.name;
  for (const PositionalDescription& positional : command.positionals)
    usage += positional.required ? " " + positional.name : fmt::format(" [{}]", positional.name);
  std::string text = paragraph(fmt::format("pgupgrade {}: {}", command.name, command.summary)) + "\n" +
                     paragraph(command.detail) + "\n" + usage + " [OPTIONS]\n";
  for (const PositionalDescription& positional : command.positionals)
    text += entry(positional.name, positional.help, kColumn);
  return text + options_text(command.options) + examples_text(command) +
         "\nEvery option is also a variable: --a-b is PGUPGRADE_A_B.\n";
}

std::string overall_help() {
  const std::vector<CommandDescription> commands = describe_commands();
  std::string text =
      "pgupgrade takes the PostgreSQL of a Docker Compose project to a new major\n"
      "version: planned before, proven after, resumable after any crash, undone by one\n"
      "command.\n\n"
      "Usage: pgupgrade --compose docker-compose.yml --to 17\n"
      "       pgupgrade COMMAND [OPTIONS]\n\nCommands (`pgupgrade COMMAND --help` tells more):\n";
  for (const CommandDescription& command : commands) text += entry(command.name, command.summary, 17);
  text += "\nOptions of upgrade, each also a variable (--a-b is PGUPGRADE_A_B):\n";
  return text + options_text(commands.front().options) +
         entry("-V, --version", "print the version, and do nothing", kColumn) +
         examples_text(commands.front()) +
         "\n`pgupgrade explain CODE` says what an error, warning or note means.\n";
}

}  // namespace pgupgrade::cli
