#include "pgupgrade/cli/command/explain.hpp"

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::cli;

namespace {

std::string refusal_of(const std::string& word) {
  try {
    return "found " + std::string(code_named(word).code);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return std::string(error.what()) + " (" + error.hint() + ")";
  }
}

}  // namespace

TEST_CASE("a code is found in lower case and without its prefix") {
  CHECK(code_named("E-DISK").code == "E-DISK");
  CHECK(code_named("e-disk").code == "E-DISK");
  CHECK(code_named("disk").code == "E-DISK");
  CHECK(code_named("w-pooler").code == "W-POOLER");
  CHECK(code_named("libc").code == "N-LIBC");
}

TEST_CASE("of an unknown code the nearest are named") {
  CHECK(refusal_of("E-DISC") == "cannot explain \"E-DISC\": there is no such code (did you mean E-DISK?)");
  CHECK(refusal_of("compose") ==
        "cannot explain \"compose\": there is no such code (did you mean E-COMPOSE-CONFIG, E-COMPOSE-DRIFT, "
        "E-COMPOSE-EDIT, E-COMPOSE-MISSING, E-COMPOSE-UP, E-COMPOSE-V1?)");
  CHECK(refusal_of("E-QXZQXZQXZ") ==
        "cannot explain \"E-QXZQXZQXZ\": there is no such code (pgupgrade explain lists all codes)");
}

TEST_CASE("an explanation has the meaning, the data, what to do and the exit code") {
  CHECK(
      explain_text(code_named("E-DISK"), {}) ==
      "E-DISK: there is not enough free space; place and bytes are named\n"
      "  your data:  unchanged by the command that reports it; in the middle of a run, as `pgupgrade status` "
      "says\n"
      "  what to do: free some space, or pass `--accept E-DISK`\n"
      "  exit code:  3; 5 in the middle of a run\n");
  CHECK(explain_text(code_named("W-POOLER"), {})
            .ends_with("exit code:  none: a warning does not stop a run\n"));
}

TEST_CASE("the list of codes has a line for each") {
  const std::string list = list_of_codes();
  CHECK(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) == code_table().size());
  CHECK(list.starts_with("E-ANALYZE "));
}
