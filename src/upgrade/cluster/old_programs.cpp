#include "upgrade/cluster/old_programs.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/aside.hpp"

namespace pgupgrade::upgrade {
namespace {

// Runs in the old image. $1: the directory to fill.
constexpr const char* kCopyScript = R"sh(
set -eu
to=$1
find "$to" -mindepth 1 -delete
mkdir "$to/libraries" "$to/run" "$to/check"
bin=$(readlink -f "$(command -v postgres)")
bin=${bin%/*}
major=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
first() { for dir; do if [ -n "$dir" ] && [ -d "$dir" ]; then echo "$dir"; return; fi; done; exit 3; }
library=$(first "$("$bin/pg_config" --pkglibdir 2>/dev/null || :)" "/usr/lib/postgresql/$major/lib" \
  /usr/local/lib/postgresql)
share=$(first "$("$bin/pg_config" --sharedir 2>/dev/null || :)" "/usr/share/postgresql/$major" \
  /usr/local/share/postgresql /usr/share/postgresql)
mkdir -p "$to$bin" "$to$library" "$to$share"
for program in postgres pg_ctl pg_controldata pg_resetwal initdb; do
  cp -L "$bin/$program" "$to$bin/"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$to/libraries" "$to$bin/$program" >"$to/run/$program"
  cp "$to/run/$program" "$to/check/$program"
done
printf '#!/bin/sh\nfor word; do [ "$word" = start ] && exit 1; done\nexec %s "$@"\n' "$to/run/pg_ctl" \
  >"$to/check/pg_ctl"
chmod 0755 "$to/run/"* "$to/check/"*
cp -RL "$library/." "$to$library/"
cp -RL "$share/." "$to$share/"
rm -rf "$to$library/bitcode" "$to$library/"llvmjit*
preloaded=
for name in $2; do [ ! -f "$library/$name.so" ] || preloaded="$preloaded $library/$name.so"; done
ldd "$bin/postgres" "$bin/pg_ctl" "$bin/initdb" $preloaded 2>/dev/null |
  sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u |
  grep -vE '/(ld-|libc\.|libm\.|libpthread|libdl\.|librt\.|libresolv|libutil\.|libnsl|libanl|libmvec|libnss_)' \
  >"$to/needed" || :
while read -r file; do cp -L "$file" "$to/libraries/"; done <"$to/needed"
chmod -R a+rX "$to"
sync
)sh";

// Runs in the new image, as the user that pg_upgrade runs as. $1: an empty directory of its own, $2: the
// programs; what follows are initdb's arguments. initdb runs the server, with the databases' locale.
constexpr const char* kTryScript = R"sh(
set -u
try=$1 programs=$2
shift 2
"$programs/initdb" "$@" >"$try.log" 2>&1
code=$?
[ $code = 0 ] || tail -n 3 "$try.log"
rm -rf "$try" "$try.log"
exit $code
)sh";

std::string programs_directory() {
  return std::string(kAsideMount) + "/programs";
}

std::string names_of(const std::vector<std::string>& libraries) {
  std::string names;
  for (const std::string& library : libraries) names += (names.empty() ? "" : " ") + library;
  return names;
}

void try_programs(StepContext& context, const TargetPlan& target) {
  const std::string directory = std::string(kAsideMount) + "/scratch/try";
  std::vector<std::string> argv = {"sh", "-c", kTryScript, "sh", directory, old_programs()};
  const auto initdb = postgres::initdb(target.inventory, target.old_major, directory);
  argv.insert(argv.end(), initdb.begin() + 1, initdb.end());
  WorkSpec spec = aside_work(context, target, "try-programs", new_image_id(context, target), std::move(argv));
  spec.user = context.known(target).image.builder;
  spec.environment = target.environment;
  const WorkResult result = run_work(context.world, spec);
  if (result.exit_code == 0) return;
  throw Error(
      ErrorKind::refused, "E-OLD-PROGRAMS",
      fmt::format("the programs of image {} do not run in image {}: {}", target.old_image, target.new_image,
                  last_words(result.standard_output + "\n" + result.standard_error)),
      "use --strategy dump");
}

}  // namespace

std::string old_programs() {
  return programs_directory() + "/run";
}

std::string old_programs_without_start() {
  return programs_directory() + "/check";
}

void bring_old_programs(StepContext& context, const TargetPlan& target) {
  run_work_checked(context.world,
                   aside_work(context, target, "old-programs", target.old_image_id,
                              {"sh", "-c", kCopyScript, "sh", programs_directory(),
                               names_of(target.inventory.preload_libraries)}),
                   "E-OLD-PROGRAMS", fmt::format("copy the programs of image {}", target.old_image));
  context.reach("programs-copied");
  try_programs(context, target);
}

}  // namespace pgupgrade::upgrade
