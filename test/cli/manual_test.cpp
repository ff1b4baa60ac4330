#include "pgupgrade/cli/arguments/manual.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "pgupgrade/base/error_codes.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/arguments.hpp"
#include "pgupgrade/cli/text/exit_codes.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

// The page as groff sets it for a terminal, without what makes it bold; every word on one line.
std::string set_by_groff(const std::string& page) {
  const pgupgrade::test::TemporaryDirectory directory;
  const auto file = directory.path() / "page";
  std::ofstream(file) << page;
  const ProcessResult result = run_process(
      {"groff", "-man", "-Tutf8", "-Kutf8", "-wall", "-P-c", "-P-b", "-P-u", "-rLL=200n", file.native()});
  CHECK(result.standard_error.empty());
  REQUIRE(result.succeeded());
  return result.standard_output;
}

std::string exit_table_of_readme() {
  std::string table = "| exit | means | what to do |\n|---|---|---|\n";
  for (const ExitRow& row : exit_table())
    table += fmt::format("| {} | {} |{}|\n", row.code, row.meaning,
                         row.to_do.empty() ? " " : fmt::format(" {} ", row.to_do));
  return table;
}

}  // namespace

TEST_CASE("groff sets the manual page without a warning, with every command and option in it") {
  const std::string page = set_by_groff(manual_page("pgupgrade"));
  for (const auto& command : describe_commands()) {
    CHECK_THAT(page, ContainsSubstring("pgupgrade " + command.name));
    for (const auto& option : command.options) {
      INFO(command.name << " " << option.name);
      CHECK_THAT(page, ContainsSubstring(option.name + (option.takes_value ? " " + option.meta : "")));
    }
    for (const Example& example : command.examples) CHECK_THAT(page, ContainsSubstring(example.command));
  }
  for (const ExitRow& row : exit_table()) CHECK_THAT(page, ContainsSubstring(std::string(row.code)));
  CHECK_THAT(page, ContainsSubstring("role:password (\\: for a colon in a name)"));
}

TEST_CASE("groff sets the page of codes without a warning, with every code in it") {
  const std::string page = set_by_groff(manual_page("pgupgrade-codes"));
  for (const CodeRow& row : code_table()) CHECK_THAT(page, ContainsSubstring(std::string(row.code)));
}

TEST_CASE("the README's table of exit codes is that of the manual page") {
  constexpr std::string_view kHead = "| exit | means | what to do |\n";
  const auto path = pgupgrade::test::source_directory() / "README.md";
  const std::string readme = read_file(path);
  const std::size_t begin = readme.find(kHead);
  REQUIRE(begin != std::string::npos);
  std::size_t end = begin;
  while (readme[end] == '|') end = readme.find('\n', end) + 1;
  INFO("PGUPGRADE_WRITE_README=1 build/release/test/cli_test \"the README*\" writes the table");
  if (std::getenv("PGUPGRADE_WRITE_README") != nullptr)
    std::ofstream(path) << std::string(readme).replace(begin, end - begin, exit_table_of_readme());
  CHECK(readme.substr(begin, end - begin) == exit_table_of_readme());
}
