#include "upgrade/data/copy_old.hpp"

#include <fmt/format.h>

#include "upgrade/data/aside.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/utility_image.hpp"

namespace pgupgrade::upgrade {
namespace {

// $1: the old data directory, $2: the copy. Only some programs named cp can share blocks; a file system that
// cannot gets them copied. The sizes of directories mean nothing.
constexpr const char* kCopyScript = R"sh(
set -eu
list() {
  cd "$1"
  { find . ! -type d -exec stat -c '%F %s %a %u:%g %n' {} + && find . -type d -exec stat -c '%a %u:%g %n' {} +; } |
    LC_ALL=C sort
}
find "$2" -mindepth 1 -delete
share=
if cp --help 2>&1 | grep -q -e --reflink; then share=--reflink=auto; fi
cp -a $share "$1/." "$2/"
old=$(list "$1")
copy=$(list "$2")
[ "$old" = "$copy" ] || { echo "the copy is not what the old data is" >&2; exit 3; }
)sh";

}  // namespace

void copy_old_data(StepContext& context, const TargetPlan& target) {
  WorkSpec spec = aside_work(context, target, "copy-old", utility_image(context.world, target),
                             {"sh", "-c", kCopyScript, "sh", target.old_pgdata, copy_in_aside()});
  Mount data = target.data_mount;
  data.read_only = true;
  spec.mounts.push_back(data);
  run_work_checked(
      context.world, spec, "E-COPY",
      fmt::format("copy {} into {}", data_name(target.data_mount), data_name(target.aside.mount)));
}

void remove_copy(StepContext& context, const TargetPlan& target) {
  run_work_checked(context.world,
                   aside_work(context, target, "remove-copy", utility_image(context.world, target),
                              {"sh", "-c", "find \"$1\" -mindepth 1 -delete", "sh", copy_in_aside()}),
                   "E-EMPTY", fmt::format("remove the copy in {}", data_name(target.aside.mount)));
}

}  // namespace pgupgrade::upgrade
