#include "pgupgrade/cli/text/exit_codes.hpp"

#include <array>

namespace pgupgrade::cli {

namespace {

// After a change: PGUPGRADE_WRITE_README=1 build/release/test/cli_test "the README*"
constexpr auto kTable = std::to_array<ExitRow>({
    {"0", "done, or nothing to do", ""},
    {"1", "internal error", "report it with `run.log`; `pgupgrade status` tells where the data is"},
    {"2", "usage or configuration", "fix what the message names"},
    {"3", "refused before anything was touched", "fix what the message names"},
    {"4", "failed, and rolled back (`--rollback-on-failure`)",
     "everything is as before; fix the cause, start over"},
    {"5", "stopped midway", "`pgupgrade resume` or `pgupgrade rollback`"},
    {"6", "verification found a difference", "`pgupgrade rollback`, and report it"},
    {"7", "another run holds the lock", "wait for it, or see `pgupgrade unlock`"},
    {"8", "engine unreachable", "start it, or name it with `DOCKER_HOST`; then `pgupgrade resume`"},
    {"9", "rollback failed", "follow the printed steps, which name where the old data is"},
    {"10", "`plan --detailed-exitcode`: changes pending", ""},
    {"11", "some services were upgraded, others failed and went back (`--keep-going`)",
     "fix the cause, then upgrade the others with `--service`"},
    {"130, 143", "interrupted by SIGINT; by SIGTERM or the end of the terminal (but not under `nohup`)",
     "`pgupgrade resume` or `pgupgrade rollback`"},
});

}  // namespace

std::span<const ExitRow> exit_table() {
  return kTable;
}

}  // namespace pgupgrade::cli
