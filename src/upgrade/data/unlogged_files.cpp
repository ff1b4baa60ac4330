#include "upgrade/data/unlogged_files.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {

std::vector<std::string> unlogged_files(StepContext& context, const TargetPlan& target) {
  const std::string script =
      "set -e; cd \"$1\"; find . -type f -name '[0-9]*_init' >/dev/null; "
      "find . -type f -name '[0-9]*_init' | head -n 10; echo end";
  WorkSpec spec = data_work(context, target, "unlogged", {"sh", "-c", script, "sh", target.old_pgdata});
  spec.mounts[0].read_only = true;
  spec.last_line = "end";
  const auto result = run_work_checked(context.world, spec, "E-LISTING",
                                       "look for unlogged tables in " + data_name(target.data_mount));
  auto lines = split_lines(result.standard_output);
  if (lines.empty() || lines.back() != "end")
    throw Error(
        ErrorKind::failed, "E-LISTING-CUT",
        "could not look for unlogged tables in " + data_name(target.data_mount) + ": the list was cut short");
  lines.pop_back();
  return lines;
}

}  // namespace pgupgrade::upgrade
