#include "pgupgrade/cli/arguments/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/arguments/options.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

const CommandEntry* find_command(const std::string& name) {
  const auto& table = command_table();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

void add_positional(CLI::App& app, const CommandEntry& entry, Arguments& arguments) {
  if (entry.command == Command::verify_backup)
    app.add_option("FILE", arguments.file, "the archive, or its manifest")->type_name("")->required();
  if (entry.command == Command::compare) {
    app.add_option("A", arguments.migrate.from, "postgres://USER@HOST:PORT/DATABASE, what is expected")
        ->type_name("");
    app.add_option("B", arguments.migrate.target, "likewise, what is compared with it")->type_name("");
  }
  if (entry.command == Command::explain)
    app.add_option("CODE", arguments.code, "such as E-DISK")->type_name("");
  if (entry.command == Command::completion)
    app.add_option("SHELL", arguments.shell, "bash, zsh or fish")->type_name("")->required();
}

std::string overall_help(const std::string& upgrade_help) {
  std::string text =
      "pgupgrade takes the PostgreSQL of a Docker Compose project to a new major version: planned before,\n"
      "proven after, resumable after any crash, undone by one command.\n\n"
      "Usage:\n"
      "  pgupgrade --compose docker-compose.yml --to 17\n"
      "  pgupgrade COMMAND [OPTIONS]\n\nCommands:\n";
  for (const CommandEntry& entry : command_table())
    text += fmt::format("  {:<15}{}\n", entry.name, entry.summary);
  const std::size_t options = upgrade_help.find("Options:");
  text +=
      "\nOptions of upgrade (each also as PGUPGRADE_* in the environment; `pgupgrade COMMAND --help` for "
      "others):\n";
  text +=
      options == std::string::npos ? upgrade_help : upgrade_help.substr(upgrade_help.find('\n', options) + 1);
  return text;
}

// CLI11's sentence in our form: lowercase, without a full stop.
std::string tidy(std::string message) {
  message = trim(message);
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z')
    message[0] = static_cast<char>(message[0] + 32);
  while (message.ends_with('.')) message.pop_back();
  return printable(message, 500);
}

// A word that no option takes: a command that does not stand first is the likeliest slip.
Error unexpected(const std::string& word, const CommandEntry& entry) {
  // A connection string may have a password in it.
  const bool connects = word.find("://") != std::string::npos || word.find("password=") != std::string::npos;
  const std::string shown = connects ? "that is a connection string" : printable(word);
  if (find_command(word) != nullptr)
    return usage_error(fmt::format("cannot use \"{}\" here: the command comes first", shown),
                       fmt::format("pgupgrade {} …", shown));
  const char* const kind = word.starts_with("-") ? "option" : "argument";
  return usage_error(
      fmt::format("cannot use {} {}: the command {} does not know it", kind, shown, entry.name),
      fmt::format("pgupgrade {} --help", entry.name));
}

// What is wrong with a whole that is made of proper parts.
void check(const Arguments& arguments, const CommandEntry& entry) {
  const bool plans = arguments.command == Command::upgrade || arguments.command == Command::plan ||
                     arguments.command == Command::prepare;
  if (plans && arguments.to == 0)
    throw usage_error(fmt::format("cannot {} without a target version: --to is missing", entry.name),
                      "name the major version to reach, such as --to 17");
  if (arguments.all && !arguments.services.empty())
    throw usage_error("cannot use --all together with --service", "choose one of them");
  if (arguments.detailed_exitcode && arguments.command == Command::upgrade && !arguments.dry_run)
    throw usage_error("cannot use --detailed-exitcode without --dry-run",
                      "pgupgrade plan --detailed-exitcode …");
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  if (arguments.command == Command::completion &&
      std::find(shells.begin(), shells.end(), arguments.shell) == shells.end())
    throw usage_error(
        fmt::format("cannot complete for \"{}\": it is bash, zsh or fish", printable(arguments.shell)));
}

Invocation parse_command(const CommandEntry& entry, std::vector<std::string> words,
                         const Environment& environment, bool named) {
  Arguments arguments;
  arguments.command = entry.command;
  CLI::App app(entry.summary, "pgupgrade " + entry.name);
  app.get_formatter()->column_width(32);
  OptionTable table(app, arguments, environment);
  entry.add_options(table);
  table.add_common();
  add_positional(app, entry, arguments);
  app.allow_extras();
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes a vector
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return {.arguments = std::nullopt, .text = named ? app.help() : overall_help(app.help())};
  } catch (const CLI::ParseError& error) {
    throw usage_error(fmt::format("could not understand the command line: {}", tidy(error.what())),
                      fmt::format("pgupgrade {} --help", entry.name));
  }
  if (const auto rest = app.remaining(); !rest.empty()) throw unexpected(rest.front(), entry);
  if (entry.command == Command::compare) {
    refuse_password(arguments.migrate.from, "A", "PGUPGRADE_FROM");
    refuse_password(arguments.migrate.target, "B", "PGUPGRADE_TARGET");
  }
  table.apply_environment();
  check(arguments, entry);
  return {.arguments = arguments, .text = {}};
}

}  // namespace

Invocation parse_arguments(const std::vector<std::string>& words, const Environment& environment) {
  const std::string first = words.empty() ? "--help" : words.front();
  if (first == "--version" || first == "-V")
    return {.arguments = std::nullopt, .text = "pgupgrade " PGUPGRADE_VERSION "\n"};
  if (first == "help" || words.empty())
    return parse_command(command_table().front(), {"--help"}, environment, false);
  if (first.starts_with("-")) return parse_command(command_table().front(), words, environment, false);
  const CommandEntry* const entry = find_command(first);
  if (entry == nullptr)
    throw usage_error(fmt::format("could not find a command \"{}\"", printable(first)),
                      "pgupgrade --help lists them");
  return parse_command(*entry, {words.begin() + 1, words.end()}, environment, true);
}

bool asks_for_json(const std::vector<std::string>& words, const Environment& environment) {
  std::string mode = variable(environment, "PGUPGRADE_OUTPUT");
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("--output=")) mode = words[i].substr(9);
    if (words[i] == "--output" && i + 1 < words.size()) mode = words[i + 1];
  }
  return mode == "json";
}

std::vector<CommandDescription> describe_commands() {
  std::vector<CommandDescription> result;
  const Environment none;
  for (const CommandEntry& entry : command_table()) {
    Arguments arguments;
    CLI::App app;
    OptionTable table(app, arguments, none);
    entry.add_options(table);
    table.add_common();
    CommandDescription description{.name = entry.name, .summary = entry.summary, .options = {}, .words = {}};
    for (const auto& option : table.entries()) description.options.push_back(option.description);
    if (entry.command == Command::completion) description.words = {"bash", "zsh", "fish"};
    if (entry.command == Command::explain)
      for (const CodeRow& row : code_table()) description.words.emplace_back(row.code);
    description.takes_file = entry.command == Command::verify_backup;
    result.push_back(std::move(description));
  }
  return result;
}

}  // namespace pgupgrade::cli
