#include "pgupgrade/cli/arguments/completion.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"

namespace pgupgrade::cli {

namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// In fish a backslash is one within single quotes, too.
std::string fish_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return result + "'";
}

std::string names_of(const std::vector<CommandDescription>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  return join(names, " ");
}

std::vector<std::string> words_of(const CommandDescription& command) {
  std::vector<std::string> words = command.words;
  for (const auto& option : command.options) words.push_back(option.name);
  words.emplace_back("--help");
  return words;
}

// How bash finds the value of an option; empty for what it cannot know.
std::string bash_values(const OptionDescription& option) {
  if (!option.values.empty()) return fmt::format("-W {}", quoted(join(option.values, " ")));
  return option.names_file ? "-f" : option.names_directory ? "-d" : "";
}

// A branch for each option that takes a value, whichever command it belongs to.
std::string bash_options(const std::vector<CommandDescription>& commands) {
  std::map<std::string, std::set<std::string>> options_by_values;
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (!option.takes_value) continue;
      auto& names = options_by_values[bash_values(option)];
      names.insert(option.name);
      if (!option.short_name.empty()) names.insert(option.short_name);
    }
  }
  std::string cases;
  for (const auto& [values, names] : options_by_values) {
    const std::string find =
        values.empty() ? "" : fmt::format("mapfile -t COMPREPLY < <(compgen {} -- \"$current\"); ", values);
    cases += fmt::format("    {}) {}return ;;\n", join({names.begin(), names.end()}, " | "), find);
  }
  return cases;
}

std::string bash(const std::vector<CommandDescription>& commands) {
  std::string cases;
  std::vector<std::string> takers;
  for (const auto& command : commands) {
    cases += fmt::format("    {}) words={} ;;\n", command.name, quoted(join(words_of(command), " ")));
    if (command.takes_file) takers.push_back(command.name);
  }
  return fmt::format(R"(# bash completion for pgupgrade
_pgupgrade() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} words
  # bash takes --option=value for three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = && $COMP_CWORD -gt 2 ]]; then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  case $previous in
{}  esac
  if [ "$COMP_CWORD" -eq 1 ] && [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W {} -- "$current")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}    *) words={} ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ {} == *" ${{COMP_WORDS[1]}} "* && $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -o filenames -F _pgupgrade pgupgrade
)",
                     bash_options(commands), quoted(names_of(commands)), cases,
                     quoted(join(words_of(commands.front()), " ") + " --version"),
                     quoted(" " + join(takers, " ") + " "));
}

std::string zsh_value(const OptionDescription& option) {
  std::string value = fmt::format(":{}:", option.meta);
  if (!option.values.empty()) return value + "(" + join(option.values, " ") + ")";
  return value + (option.names_file ? "_files" : option.names_directory ? "_files -/" : " ");
}

std::string zsh_argument(const OptionDescription& option) {
  std::string help;
  for (const char c : option.help)
    help += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  // An option that may be given again starts with "*"; a short name is the same option.
  std::string rest = fmt::format("[{}]", help);
  if (option.takes_value) rest += zsh_value(option);
  const std::string again = option.repeats ? "*" : "";
  std::string argument = quoted(again + option.name + rest);
  if (!option.short_name.empty()) argument += " " + quoted(again + option.short_name + rest);
  return argument;
}

std::string zsh(const std::vector<CommandDescription>& commands) {
  std::string list;
  std::string cases;
  for (const auto& command : commands) {
    list += fmt::format("    {}\n", quoted(command.name + ":" + command.summary));
    std::vector<std::string> arguments;
    for (const auto& option : command.options) arguments.push_back(zsh_argument(option));
    if (!command.words.empty()) arguments.push_back(quoted("1:word:(" + join(command.words, " ") + ")"));
    if (command.takes_file) arguments.push_back(quoted("1:file:_files"));
    cases += fmt::format("    {}) _arguments {} ;;\n", command.name, join(arguments, " "));
  }
  return fmt::format(R"(#compdef pgupgrade
_pgupgrade() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=upgrade
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{}  esac
}}
# Loaded by name from a directory of $fpath, or read as it is.
if [[ $funcstack[1] == _pgupgrade ]]; then
  _pgupgrade "$@"
else
  compdef _pgupgrade pgupgrade
fi
)",
                     list, cases);
}

std::string fish(const std::vector<CommandDescription>& commands) {
  std::string text = "# fish completion for pgupgrade\ncomplete -c pgupgrade -f\n";
  const std::string names = names_of(commands);
  for (const auto& command : commands)
    text += fmt::format("complete -c pgupgrade -n '__fish_is_first_token' -a {} -d {}\n", command.name,
                        fish_quoted(command.summary));
  for (const auto& command : commands) {
    std::string condition = "__fish_seen_subcommand_from " + command.name;
    if (command.name == "upgrade") condition += "; or not __fish_seen_subcommand_from " + names;
    for (const auto& option : command.options) {
      text += fmt::format("complete -c pgupgrade -n {} -l {} -d {}", fish_quoted(condition),
                          option.name.substr(2), fish_quoted(option.help));
      if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
      if (option.takes_value) text += option.names_file || option.names_directory ? " -r -F" : " -x";
      if (!option.values.empty()) text += " -a " + fish_quoted(join(option.values, " "));
      text += "\n";
    }
    if (!command.words.empty())
      text += fmt::format("complete -c pgupgrade -n {} -a {}\n", fish_quoted(condition),
                          fish_quoted(join(command.words, " ")));
    if (command.takes_file) text += fmt::format("complete -c pgupgrade -n {} -F\n", fish_quoted(condition));
  }
  return text;
}

}  // namespace

std::string completion_script(const std::string& shell) {
  const std::vector<CommandDescription> commands = describe_commands();
  if (shell == "zsh") return zsh(commands);
  if (shell == "fish") return fish(commands);
  return bash(commands);
}

}  // namespace pgupgrade::cli
