#include "pgupgrade/cli/arguments/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/arguments/command_texts.hpp"
#include "cli/arguments/help.hpp"
#include "cli/arguments/options.hpp"
#include "pgupgrade/base/likeness.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

const std::vector<std::string> kShells = {"bash", "zsh", "fish"};
const std::vector<std::string> kPages = {"pgupgrade", "pgupgrade-codes"};

// "a, b or c"
std::string one_of(const std::vector<std::string>& words) {
  return fmt::format("{} or {}", join({words.begin(), words.end() - 1}, ", "), words.back());
}

const CommandEntry* find_command(const std::string& name) {
  const auto& table = command_table();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string& positional(Arguments& arguments, const std::string& name) {
  if (name == "A") return arguments.migrate.from;
  if (name == "B") return arguments.migrate.target;
  if (name == "CODE") return arguments.code;
  if (name == "SHELL") return arguments.shell;
  if (name == "PAGE") return arguments.page;
  if (name == "RUN") return arguments.state;
  return arguments.file;
}

void add_positionals(CLI::App& app, const CommandEntry& entry, Arguments& arguments) {
  for (const PositionalDescription& description : text_of_command(entry.command).positionals)
    app.add_option(description.name, positional(arguments, description.name), description.help)
        ->required(description.required);
}

CommandDescription describe(const CommandEntry& entry) {
  const CommandText& text = text_of_command(entry.command);
  CommandDescription description{.name = entry.name,
                                 .summary = entry.summary,
                                 .detail = text.detail,
                                 .positionals = text.positionals,
                                 .options = {},
                                 .words = {},
                                 .examples = text.examples};
  const Environment none;
  Arguments arguments;
  CLI::App app;
  OptionTable table(app, arguments, none);
  entry.add_options(table);
  table.add_common();
  for (const auto& option : table.entries()) description.options.push_back(option.description);
  if (entry.command == Command::completion) description.words = kShells;
  if (entry.command == Command::manual) description.words = kPages;
  if (entry.command == Command::explain)
    for (const CodeRow& row : code_table()) description.words.emplace_back(row.code);
  description.takes_file = entry.command == Command::verify_backup || entry.command == Command::apply;
  return description;
}

// CLI11's sentence in our form: lowercase, without a full stop.
std::string tidy(std::string message) {
  message = trim(message);
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z')
    message[0] = static_cast<char>(message[0] + 32);
  while (message.ends_with('.')) message.pop_back();
  return printable(message, 500);
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandEntry& entry : command_table()) names.push_back(entry.name);
  return names;
}

bool has_option(const CommandDescription& command, const std::string& name) {
  return std::any_of(command.options.begin(), command.options.end(),
                     [&](const OptionDescription& option) { return option.name == name; });
}

// What somebody may have meant by an option that the command does not have.
std::string hint_for_option(const std::string& word, const CommandEntry& entry) {
  const std::string name = word.substr(0, word.find('='));
  if (entry.command == Command::rehearse && name == "--strategy")
    return "a rehearsal always dumps and restores; of strategy warm `pgupgrade prepare --strategy warm` "
           "makes the "
           "copy and checks it by pg_upgrade --check, and `pgupgrade cancel` gives it up";
  std::vector<std::string> elsewhere;
  for (const CommandDescription& command : describe_commands())
    if (has_option(command, name)) elsewhere.push_back(command.name);
  if (!elsewhere.empty()) return fmt::format("{} is an option of {}", name, join(elsewhere, ", "));
  // Without dashes: "-compose" means "--compose", and two dashes are no likeness.
  std::vector<std::string> names = {"help"};
  for (const OptionDescription& option : describe(entry).options) names.push_back(option.name.substr(2));
  std::vector<std::string> meant =
      meant_by(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
  for (std::string& one : meant) one = "--" + one;
  return did_you_mean(meant);
}

// A word that no option takes: a command that does not stand first is the likeliest slip.
Error unexpected(const std::string& word, const CommandEntry& entry) {
  // A connection string may have a password in it.
  const bool connects = word.find("://") != std::string::npos || word.find("password=") != std::string::npos;
  const std::string shown = connects ? "that is a connection string" : printable(word);
  if (find_command(word) != nullptr)
    return usage_error(fmt::format("cannot use \"{}\" here: the command comes first", shown),
                       fmt::format("pgupgrade {} …", shown));
  const bool option = word.starts_with("-");
  std::string hint = option && !connects ? hint_for_option(word, entry) : std::string();
  if (hint.empty()) hint = fmt::format("pgupgrade {} --help", entry.name);
  return usage_error(fmt::format("cannot use {} {}: the command {} does not know it",
                                 option ? "option" : "argument", shown, entry.name),
                     hint);
}

void check_codes(const std::vector<std::string>& codes) {
  std::vector<std::string> known;
  for (const CodeRow& row : code_table()) known.emplace_back(row.code);
  for (const std::string& code : codes) {
    if (find_code(code) != nullptr) continue;
    const std::string meant = did_you_mean(meant_by(code, known));
    throw usage_error(fmt::format("cannot accept {}: there is no such code", printable(code)),
                      meant.empty() ? "pgupgrade explain lists all codes" : meant);
  }
}

void check_word(const std::string& word, const std::vector<std::string>& allowed,
                const std::string& purpose) {
  if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) return;
  throw usage_error(fmt::format("cannot {} \"{}\": it is {}", purpose, printable(word), one_of(allowed)));
}

// A container by itself has no project, and no files that could be left alone.
void check_container(const Arguments& arguments) {
  if (arguments.container.empty()) return;
  const std::vector<std::pair<const char*, bool>> others = {
      {"--compose", !arguments.compose.empty()},
      {"--service", !arguments.services.empty()},
      {"--all", arguments.all},
      {"--project-name", !arguments.project_name.empty()},
      {"--profile", !arguments.profiles.empty()},
      {"--env-file", !arguments.env_files.empty()},
      {"--old-image", !arguments.old_image.empty()},
      {"--no-edit", arguments.no_edit}};
  for (const auto& [name, given] : others)
    if (given)
      throw usage_error(fmt::format("cannot use --container together with {}", name),
                        "--container names one that no Compose file describes");
}

// Within one server nothing is upgraded. The server is that of a service, of a container, or of --from.
void check_alternate(const Arguments& arguments) {
  const MigrateArguments& own = arguments.migrate;
  const auto refuse = [](const std::vector<std::pair<const char*, bool>>& options, const char* what,
                         const char* hint) {
    for (const auto& [name, given] : options)
      if (given) throw usage_error(fmt::format("cannot use {} {}", name, what), hint);
  };
  if (own.into.empty())
    return refuse({{"--schema", !own.schemas.empty()},
                   {"--apply", own.apply},
                   {"--drop", own.drop},
                   {"--no-owner", own.no_owner},
                   {"--dry-run", arguments.dry_run}},
                  "without --into",
                  "--into names the alternate database of the same server; of an upgrade `pgupgrade plan` "
                  "shows the plan");
  refuse({{"--to", arguments.to != 0}, {"--all", arguments.all}, {"--keep", arguments.keep}},
         "together with --into", "--into rehearses within the one server that runs");
  if (!own.from.empty())
    refuse({{"--compose", !arguments.compose.empty()},
            {"--service", !arguments.services.empty()},
            {"--container", !arguments.container.empty()}},
           "together with --from", "choose one of them: --from names a server by its address");
  if (arguments.services.size() > 1)
    throw usage_error("cannot use several services with --into", "it rehearses within one server");
  if (own.drop && !own.apply) return;
  if (own.schemas.empty())
    throw usage_error("cannot rehearse: no schema is named", "name it with --schema NAME");
  if (arguments.scripts.empty())
    throw usage_error("cannot rehearse: no script is named", "name it with --run FILE");
}

// What is wrong with a whole that is made of proper parts.
void check(const Arguments& arguments, const CommandEntry& entry) {
  const bool plans = arguments.command == Command::upgrade || arguments.command == Command::plan ||
                     arguments.command == Command::rehearse || arguments.command == Command::prepare ||
                     arguments.command == Command::dump;
  const bool within_server = arguments.command == Command::rehearse && !arguments.migrate.into.empty();
  if (arguments.command == Command::rehearse) check_alternate(arguments);
  if (plans && arguments.to == 0 && !within_server)
    throw usage_error(fmt::format("cannot {} without a target version: --to is missing", entry.name),
                      "name the major version to reach, such as --to 17");
  if (arguments.all && !arguments.services.empty())
    throw usage_error("cannot use --all together with --service", "choose one of them");
  check_container(arguments);
  if (arguments.detailed_exitcode && arguments.command == Command::upgrade && !arguments.dry_run)
    throw usage_error("cannot use --detailed-exitcode without --dry-run",
                      "pgupgrade plan --detailed-exitcode …");
  if (arguments.command == Command::completion) check_word(arguments.shell, kShells, "complete for");
  if (arguments.command == Command::manual && !arguments.page.empty())
    check_word(arguments.page, kPages, "print the page");
  if (!arguments.database.empty() && arguments.scripts.empty() && arguments.command == Command::rehearse &&
      !within_server)
    throw usage_error("cannot use --database without --run", "name the scripts with --run FILE");
  check_codes(arguments.accept);
}

Invocation parse_command(const CommandEntry& entry, std::vector<std::string> words,
                         const Environment& environment, bool named) {
  Arguments arguments;
  arguments.command = entry.command;
  CLI::App app(entry.summary, "pgupgrade " + entry.name);
  OptionTable table(app, arguments, environment);
  entry.add_options(table);
  table.add_common();
  add_positionals(app, entry, arguments);
  app.allow_extras();
  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes a vector
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return {.arguments = std::nullopt, .text = named ? command_help(describe(entry)) : overall_help()};
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
  if (entry == nullptr) {
    const std::string meant = did_you_mean(meant_by(first, command_names()));
    throw usage_error(fmt::format("could not find a command \"{}\"", printable(first)),
                      meant.empty() ? "pgupgrade --help lists them" : meant);
  }
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
  for (const CommandEntry& entry : command_table()) result.push_back(describe(entry));
  return result;
}

}  // namespace pgupgrade::cli
