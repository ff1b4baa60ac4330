#include "upgrade/sandbox/image_probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"

namespace pgupgrade::upgrade {
namespace {

// One line a fact, "key<TAB>value"; the last line proves that nothing was cut. Works with GNU and busybox
// tools. Where extensions and libraries are is asked from pg_config where there is one.
constexpr const char* kScript = R"sh(
set -u
server=$(command -v postgres) || exit 3
server=$(readlink -f "$server")
printf 'bin\t%s\n' "${server%/*}"
printf 'version\t%s\n' "$(postgres --version)"
printf 'uid\t%s\n' "$(id -u postgres 2>/dev/null || echo 0)"
printf 'gid\t%s\n' "$(id -g postgres 2>/dev/null || echo 0)"
major=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
for dir in "$("${server%/*}/pg_config" --sharedir 2>/dev/null)" "/usr/share/postgresql/$major" \
           /usr/local/share/postgresql /usr/share/postgresql; do
  [ -n "$dir" ] && [ -d "$dir/extension" ] || continue
  for control in "$dir"/extension/*.control; do
    name=${control##*/}
    printf 'extension\t%s\t%s\n' "${name%.control}" \
      "$(sed -n "s/^[[:space:]]*default_version[[:space:]]*=[[:space:]]*'\([^']*\)'.*/\1/p" "$control")"
  done
  break
done
for dir in "$("${server%/*}/pg_config" --pkglibdir 2>/dev/null)" "/usr/lib/postgresql/$major/lib" \
           /usr/local/lib/postgresql; do
  [ -n "$dir" ] && [ -d "$dir" ] || continue
  for library in "$dir"/*.so; do
    name=${library##*/}
    printf 'library\t%s\n' "${name%.so}"
  done
  break
done
locale -a 2>/dev/null | sed 's/^/locale\t/'
postgres --describe-config 2>/dev/null | cut -f1 | sed 's/^/setting\t/'
if ldd --version 2>&1 | grep -qi musl; then echo "libc	musl"; else
  printf 'libc\t%s\n' "$(ldd --version 2>/dev/null | sed -n '1s/.* \([0-9.]*\)$/glibc \1/p')"; fi
echo end
)sh";

// Each argument is NAME=VALUE. The server looks at its settings before it looks at its data directory, and
// refuses that afterwards. Up to 14 --check is called --boot -x0.
constexpr const char* kTrySettings = R"sh(
dir=$(mktemp -d) && chmod 700 "$dir" && : >"$dir/postgresql.conf" || exit 3
mode=$1
shift
for setting; do
  printf 'setting\t%s\t%s\n' "${setting%%=*}" \
    "$(postgres $mode -D "$dir" -c "$setting" 2>&1 | sed -n 's/^.*FATAL:  //p' | head -n 1)"
done
echo end
)sh";

// A reason that is about this very setting's value.
bool is_about_value(const std::string& reason, const std::string& name) {
  return lower(reason).find("parameter \"" + lower(name) + "\"") != std::string::npos &&
         reason.find("unrecognized configuration parameter") == std::string::npos &&
         reason.find("cannot be") == std::string::npos;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void take(ImageFacts& facts, const std::string& key, const std::string& value) {
  if (key == "bin") {
    facts.binary_directory = value;
  } else if (key == "version") {  // "postgres (PostgreSQL) 17.6 (Debian …)"
    const auto digit = value.find_first_of("0123456789");
    if (digit == std::string::npos) return;
    facts.version = value.substr(digit, value.find(' ', digit) - digit);
    facts.major = static_cast<int>(number(facts.version));
  } else if (key == "uid") {
    facts.postgres_uid = number(value);
  } else if (key == "gid") {
    facts.postgres_gid = number(value);
  } else if (key == "extension") {
    const auto tab = value.find('\t');
    facts.extensions[value.substr(0, tab)] = tab == std::string::npos ? "" : value.substr(tab + 1);
  } else if (key == "library") {
    facts.libraries.push_back(value);
  } else if (key == "locale") {
    facts.locales.push_back(value);
  } else if (key == "setting") {
    facts.settings.push_back(value);
  } else if (key == "libc") {
    facts.libc = value;
  }
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Names are the new image's own; an empty group is the user's.
std::string numeric_owner(World& world, const std::string& run, const std::string& service,
                          const ImageFacts& image, const std::string& user, const std::string& group) {
  constexpr const char* kNumbers =
      "case $1 in *[!0-9]*) u=$(id -u \"$1\") || exit;; *) u=$1;; esac\n"
      "case $2 in '') g=$(id -g \"$1\") || exit;; *[!0-9]*) g=$(grep \"^$2:\" /etc/group | cut -d: -f3);; *) "
      "g=$2;; "
      "esac\n"
      "[ -n \"$u\" ] && [ -n \"$g\" ] && echo \"$u:$g\"";
  const auto result = run_work(world, {.run = run,
                                       .service = service,
                                       .purpose = "owner",
                                       .image = image.id,
                                       .argv = {"sh", "-c", kNumbers, "sh", user, group}});
  const std::string owner(trim(result.standard_output));
  if (result.exit_code == 0 && owner.find(':') != std::string::npos) return owner;
  throw Error(
      ErrorKind::refused, "E-USER",
      fmt::format("could not run service \"{}\" as {}{}{}: image {} does not know such a user or group",
                  service, printable(user), group.empty() ? "" : ":", printable(group), image.reference),
      "give numbers in its `user:`");
}

}  // namespace

ImageFacts probe_image(World& world, const std::string& run, const std::string& service,
                       const std::string& reference) {
  const auto image = world.engine.inspect_image(reference);
  if (!image) {
    throw Error(ErrorKind::failed, "E-IMAGE",
                fmt::format("could not find image {} on the engine", reference));
  }
  ImageFacts facts{.reference = reference, .id = image->id, .volumes = image->volumes};
  for (const std::string& line : image->environment) {
    if (line.starts_with("PGDATA=")) facts.default_pgdata = line.substr(7);
  }
  const auto result = run_work(world, {.run = run,
                                       .service = service,
                                       .purpose = "probe",
                                       .image = image->id,
                                       .argv = {"sh", "-c", kScript},
                                       .last_line = "end"});
  const auto lines = split_lines(result.standard_output);
  if (result.exit_code != 0 || lines.empty() || lines.back() != "end") {
    throw Error(ErrorKind::failed, "E-IMAGE",
                fmt::format("cannot use image {}: it holds no PostgreSQL server (exit code {})", reference,
                            result.exit_code),
                "name another one with --image");
  }
  for (const std::string& line : lines) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) take(facts, line.substr(0, tab), line.substr(tab + 1));
  }
  return facts;
}

std::vector<TriedSetting> settings_to_try(const Inventory& old) {
  std::vector<TriedSetting> settings;
  for (const SettingFacts& setting : old.settings) {
    // That of old versions is not carried over as it is.
    if (is_hidden(setting) || lower(setting.name) == "password_encryption") continue;
    settings.emplace_back(setting.name, setting.value);
  }
  return settings;
}

std::map<TriedSetting, std::string> refused_settings(World& world, const std::string& run,
                                                     const std::string& service,
                                                     const std::vector<TriedSetting>& settings,
                                                     const ImageFacts& image) {
  std::map<TriedSetting, std::string> refused;
  if (settings.empty() || image.postgres_uid == 0) return refused;
  WorkSpec spec{.run = run,
                .service = service,
                .purpose = "settings",
                .image = image.id,
                .argv = {"sh", "-c", kTrySettings, "sh", image.major >= 15 ? "--check" : "--boot -x0"},
                .environment = {{"LC_ALL", "C"}},
                .user = fmt::format("{}:{}", image.postgres_uid, image.postgres_gid),
                .last_line = "end"};
  for (const auto& [name, value] : settings) spec.argv.push_back(name + "=" + value);
  const WorkResult result = run_work(world, spec);
  std::size_t next = 0;  // a line for each, in their order
  for (const std::string& line : split_lines(result.standard_output)) {
    if (!line.starts_with("setting\t") || next == settings.size()) continue;
    const TriedSetting& setting = settings[next++];
    const auto tab = line.find('\t', 8);
    if (tab == std::string::npos || line.substr(8, tab - 8) != setting.first) break;
    const std::string reason = line.substr(tab + 1);
    if (is_about_value(reason, setting.first)) refused[setting] = reason;
  }
  return refused;
}

void take_refused(const std::map<TriedSetting, std::string>& refused, const Inventory& old,
                  ImageFacts& image) {
  image.refused_settings.clear();
  for (const TriedSetting& setting : settings_to_try(old))
    if (const auto reason = refused.find(setting); reason != refused.end())
      image.refused_settings[setting.first] = reason->second;
}

void try_settings(World& world, const std::string& run, const std::string& service, const Inventory& old,
                  ImageFacts& image) {
  take_refused(refused_settings(world, run, service, settings_to_try(old), image), old, image);
}

std::string owner_for(World& world, const std::string& run, const std::string& service,
                      const ImageFacts& image, const std::string& service_user) {
  if (service_user.empty() || service_user == "root" || service_user == "0" ||
      service_user.starts_with("root:") || service_user.starts_with("0:") || service_user == "postgres") {
    return fmt::format("{}:{}", image.postgres_uid, image.postgres_gid);
  }
  const std::string user = service_user.substr(0, service_user.find(':'));
  const std::string group =
      service_user.find(':') == std::string::npos ? "" : service_user.substr(user.size() + 1);
  if (is_number(user) && (group.empty() || is_number(group)))
    return fmt::format("{}:{}", user, group.empty() ? user : group);
  return numeric_owner(world, run, service, image, user, group);
}

}  // namespace pgupgrade::upgrade
