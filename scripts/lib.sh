# Shared by the scripts beside it: where things are kept, and how they speak. To be sourced.
# shellcheck shell=bash disable=SC2034,SC2016

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}    # a bare service may come without
export HOME
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgupgrade
engine_dir=$cache/engine          # the unpacked engine: written by setup, run by engine
engine_bin=$engine_dir/bin

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# The tracked files of the given patterns, each ended by a zero byte. The checkout may be another user's.
tracked() { git -c safe.directory="$root" -C "$root" ls-files -z -- "$@"; }

# Root runs a command itself, anyone else asks sudo.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# True if the docker command of this environment reaches an engine, and has Compose v2 or later.
engine_usable() {
  command -v docker >/dev/null &&
    timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 &&
    timeout 10 docker compose version >/dev/null 2>&1
}

# The version of clang-format and clang-tidy (Debian 12's): others format otherwise, and warn of other things.
clang_major=14

# Sets $tool to the command that is $1 (clang-format, say) in that version. Fails, and says why, where this machine
# has another version only.
find_clang() {
  local version
  for tool in "$1-$clang_major" "$1"; do
    ! "$tool" --version 2>/dev/null | grep -q "version $clang_major\." || return 0
  done
  version=$("$1" --version 2>/dev/null | grep -om 1 'version [0-9]*') || die "there is no $1; run scripts/setup --build"
  say "this machine's $1 is $version, the project's is version $clang_major, and the two differ in what they demand"
  return 1
}

# The address of the Debian mirror that this machine's apt uses (its main archive, not security).
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' |
    awk '$3 == "Debian" && $2 !~ /security|updates|backports/ { print $1; exit }' | sed 's:/*$::'
}

# Starts the engine unless one answers. $stop_engine is what ends it again, if it was this run that started it.
stop_engine=:
stop_our_engine() { "$root/scripts/engine" stop; }
start_engine() {
  # Before it is started, not only once it answers: it may come up while we are being interrupted.
  "$root/scripts/engine" status >/dev/null || stop_engine=stop_our_engine
  "$root/scripts/engine" start
}
