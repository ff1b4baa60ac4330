// The series of commands that one work container runs: its script in this machine's own shell.
#include "upgrade/sandbox/series.hpp"

#include "pgupgrade/base/process.hpp"
#include "support/catch.hpp"

namespace pgupgrade::test {
namespace {

std::vector<upgrade::WorkResult> run(const std::vector<upgrade::SeriesCommand>& commands) {
  const ProcessResult result = run_process(upgrade::series_argv(commands));
  CHECK(result.exit_code == 0);
  CHECK(result.standard_output.ends_with("== series\n"));
  return upgrade::series_results(result.standard_output, result.standard_error);
}

}  // namespace

TEST_CASE("a series tells what each of its commands printed") {
  const auto results = run({
      {.argv = {"printf", "%s|", "a b", "", "$HOME", "\"'`", "*", "6", "7", "8", "9", "10", "11"}},
      {.argv = {"sh", "-c", "echo \"$ONE\"; echo trouble >&2"}, .environment = {{"ONE", "with 'a' $quote"}}},
      {.argv = {"true"}},
  });
  REQUIRE(results.size() == 3);
  CHECK(results[0].standard_output == "a b||$HOME|\"'`|*|6|7|8|9|10|11|");
  CHECK(results[1].standard_output == "with 'a' $quote\n");
  CHECK(results[1].standard_error == "trouble\n");
  CHECK(results[2].standard_output == "");
  for (const auto& result : results) CHECK(result.exit_code == 0);
}

TEST_CASE("a series ends with the first command that fails") {
  const auto results = run({{.argv = {"true"}},
                            {.argv = {"sh", "-c", "echo said; echo why >&2; exit 3"}},
                            {.argv = {"echo", "never"}}});
  REQUIRE(results.size() == 2);
  CHECK(results[0].exit_code == 0);
  CHECK(results[1].exit_code == 3);
  CHECK(results[1].standard_output == "said\n");
  CHECK(results[1].standard_error == "why\n");
}

TEST_CASE("a command of a series that still runs is none of its results") {
  CHECK(upgrade::series_results("listed\n\n== exit 0\nhalf a li", "\n== exit 0\n").size() == 1);
  CHECK(upgrade::series_results("", "").empty());
}

}  // namespace pgupgrade::test
