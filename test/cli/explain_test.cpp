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
        "E-COMPOSE-EDIT, E-COMPOSE-MISSING, E-COMPOSE-UP, E-COMPOSE-V1, W-COMPOSE-UP?)");
  CHECK(refusal_of("E-QXZQXZQXZ") ==
        "cannot explain \"E-QXZQXZQXZ\": there is no such code (pgupgrade explain lists all codes)");
}

TEST_CASE("an explanation has the meaning, the cause, the data, what to do and the exit code") {
  CHECK(explain_text(code_named("E-DISK"), {.width = 80, .color = false}) ==
        R"(E-DISK: there is not enough free space; place and bytes are named
  cause:      The backup and the dump are written before anything is removed,
              and the restore needs room beside them. The plan adds up what it
              needs on each file system: the engine's volumes, and the directory
              of the run.
  your data:  unchanged by the command that reports it; in the middle of a run,
              as `pgupgrade status` says
  what to do: free some space, or pass `--accept E-DISK`
              Free space (`docker system df` shows what images and build caches
              take; unused ones go with `docker image prune`), or put the backup
              elsewhere with `--backup-dir DIR`. Strategy `warm` needs the
              data's size once more, and no dump. `--accept E-DISK` proceeds
              anyway: a full disk then stops the run, and `pgupgrade rollback`
              brings everything back.
  exit code:  3; 5 in the middle of a run
)");
  CHECK(explain_text(code_named("W-RUN-LOG"), {}) ==
        "W-RUN-LOG: the run's log could not be written\n"
        "  your data:  unchanged by this\n"
        "  what to do: free some space\n"
        "  exit code:  none: a warning does not stop a run\n");
}

TEST_CASE("a code that two kinds share without their prefix is named with it") {
  CHECK(refusal_of("data-gonne").ends_with("(did you mean E-DATA-GONE, W-DATA-GONE?)"));
}

TEST_CASE("the list of codes has a line for each") {
  const std::string list = list_of_codes();
  CHECK(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) == code_table().size());
  CHECK(list.starts_with("E-ANALYZE "));
}
