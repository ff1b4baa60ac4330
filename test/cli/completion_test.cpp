#include "pgupgrade/cli/arguments/completion.hpp"

#include <set>

#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

std::string in_bash(const std::string& script) {
  const ProcessResult result =
      run_process({"bash", "--norc", "--noprofile", "-euc", completion_script("bash") + script});
  INFO(result.standard_error);
  REQUIRE(result.succeeded());
  return result.standard_output;
}

// What bash offers for the last word of a command line; the words are those that bash itself would make of
// it.
std::set<std::string> offered(const std::vector<std::string>& words) {
  std::string script = "COMP_WORDS=(pgupgrade";
  for (const std::string& word : words) script += " " + shell_word(word);
  script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
            "\n_pgupgrade\nprintf '%s\\n' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}\n";
  const auto lines = split_lines(in_bash(script));
  std::set<std::string> result(lines.begin(), lines.end());
  result.erase("");
  return result;
}

using Words = std::set<std::string>;

}  // namespace

TEST_CASE("bash takes the completion") {
  CHECK(in_bash("complete -p pgupgrade") == "complete -o filenames -F _pgupgrade pgupgrade\n");
}

TEST_CASE("bash completes commands") {
  CHECK(offered({"re"}) == Words{"rehearse", "report", "resume"});
  CHECK(offered({""}).size() == describe_commands().size());
}

TEST_CASE("bash completes every option of every command") {
  for (const auto& command : describe_commands()) {
    INFO(command.name);
    Words expected = {"--help"};
    for (const auto& option : command.options) expected.insert(option.name);
    CHECK(offered({command.name, "--"}) == expected);
  }
  CHECK(offered({"--back"}) == Words{"--backup", "--backup-dir"});  // without a command it is an upgrade
}

TEST_CASE("bash completes values") {
  CHECK(offered({"plan", "--output", ""}) == Words{"auto", "plain", "json"});
  CHECK(offered({"plan", "--backup", ""}) == Words{"aside", "tar"});
  CHECK(offered({"plan", "--output", "j"}) == Words{"json"});
  CHECK(offered({"plan", "--output", "=", "p"}) == Words{"plain"});
  CHECK(offered({"plan", "--output", "="}) == Words{"auto", "plain", "json"});
  CHECK(offered({"plan", "--accept", "E-DIS"}) == Words{"E-DISK"});
  CHECK(offered({"migrate", "--format", "t"}) == Words{"tar"});
  CHECK(offered({"explain", "E-DISK"}) == Words{"E-DISK"});
  CHECK(offered({"completion", ""}).contains("fish"));
  CHECK(offered({"plan", "--state-dir", "/et"}) == Words{"/etc"});
  CHECK(offered({"plan", "-f", "/etc/passw"}).contains("/etc/passwd"));
  CHECK(offered({"plan", "--to", ""}).empty());
  CHECK(offered({"verify-backup", "/etc/passw"}).contains("/etc/passwd"));
}

TEST_CASE("every completion names every command and option, and what an option may be") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell);
    for (const auto& command : describe_commands()) {
      CHECK_THAT(script, ContainsSubstring(command.name));
      for (const auto& option : command.options) {
        INFO(shell << " " << command.name << " " << option.name);
        CHECK_THAT(script, ContainsSubstring(shell == "fish" ? "-l " + option.name.substr(2) : option.name));
        CHECK_THAT(script, ContainsSubstring(join(option.values, " ")));
      }
    }
  }
}

TEST_CASE("a quote in the help ends no string of a shell") {
  CHECK_THAT(completion_script("bash"), !ContainsSubstring("run's"));
  CHECK_THAT(completion_script("zsh"), ContainsSubstring("run'\\''s"));
  CHECK_THAT(completion_script("fish"), ContainsSubstring("run\\'s"));
}
