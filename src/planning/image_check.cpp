#include "pgupgrade/planning/image_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/make_plan.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/checks.hpp"
#include "planning/minor_releases.hpp"
#include "planning/review.hpp"

namespace pgupgrade::planning {

namespace {

constexpr const char* kOtherImage = "choose an image that has it with --image";

// `names` with the databases that each was found in.
using Uses = std::map<std::string, std::vector<std::string>>;

std::string in_databases(const std::vector<std::string>& databases) {
  return (databases.size() == 1 ? "database " : "databases ") + quoted_list(databases);
}

Diagnostics check_major(const TargetPlan& target, const ImageFacts& image) {
  if (image.major == target.new_major) return {};
  return {{.severity = Severity::error,
           .code = "E-IMAGE-MAJOR",
           .message = fmt::format("image {} for {} holds PostgreSQL {}, not {}", printable(image.reference),
                                  service_name(target.service), printable(image.version), target.new_major),
           .hint = fmt::format("specify an image of PostgreSQL {} with --image", target.new_major)}};
}

// Fixes of the old server's release are missing then, and what it keeps may be new to the other.
Diagnostics check_minor(const TargetPlan& target, const ImageFacts& image) {
  if (!is_released_before(image.version, target.old_version)) return {};
  return {{.severity = Severity::warning,
           .code = "W-MINOR-OLDER",
           .message = fmt::format("image {} holds PostgreSQL {}, which came out before the {} of {}",
                                  printable(image.reference), printable(image.version),
                                  printable(target.old_version), service_name(target.service)),
           .hint = fmt::format("get the newest one: docker pull {}", printable(image.reference))}};
}

// The plan may have been made before the image was here, from what the official images do.
Diagnostics check_pgdata(const TargetPlan& target, const ImageFacts& image) {
  if (target.custom_pgdata || image.default_pgdata.empty()) return {};
  if (clean_path(image.default_pgdata) == clean_path(target.new_pgdata)) return {};
  return {{.severity = Severity::error,
           .code = "E-PGDATA",
           .message = fmt::format("image {} keeps its data in {}, but {} is planned to have it in {}",
                                  printable(image.reference), printable(image.default_pgdata),
                                  service_name(target.service), printable(target.new_pgdata)),
           .hint = fmt::format("fetch it with \"docker pull {}\" and plan again: then its own directory is "
                               "known",
                               printable(image.reference))}};
}

Diagnostics check_extensions(const TargetPlan& target, const ImageFacts& image) {
  Uses missing;
  for (const DatabaseFacts& database : target.inventory.databases) {
    for (const ExtensionFacts& extension : database.extensions) {
      if (!image.extensions.contains(extension.name)) missing[extension.name].push_back(database.name);
    }
  }
  Diagnostics result;
  for (const auto& [name, databases] : missing) {
    result.push_back({.severity = Severity::error,
                      .code = "E-EXTENSION-MISSING",
                      .message = fmt::format("image {} has no extension {}, needed by {} of {}",
                                             printable(image.reference), quoted(name),
                                             in_databases(databases), service_name(target.service)),
                      .hint = fmt::format("{}, or drop the extension", kOtherImage)});
  }
  return result;
}

// "$libdir/hstore", "hstore" and "hstore.so" are one library.
std::string library_name(std::string name) {
  constexpr std::string_view kLibraryDirectory = "$libdir/";
  if (name.starts_with(kLibraryDirectory)) name.erase(0, kLibraryDirectory.size());
  if (name.ends_with(".so")) name.resize(name.size() - 3);
  return name;
}

bool has_library(const TargetPlan& target, const ImageFacts& image, const std::string& name) {
  // An absolute path is the container's own, and comes along only on a mount.
  if (name.starts_with('/')) return mount_of(target.other_mounts, name).has_value();
  const auto& libraries = image.libraries;
  return std::find(libraries.begin(), libraries.end(), library_name(name)) != libraries.end();
}

Diagnostics check_preloaded_libraries(const TargetPlan& target, const ImageFacts& image) {
  Diagnostics result;
  for (const std::string& name : target.inventory.preload_libraries) {
    if (has_library(target, image, name)) continue;
    result.push_back(
        {.severity = Severity::error,
         .code = "E-LIBRARY-MISSING",
         .message = fmt::format("image {} has no library {}, which {} preloads", printable(image.reference),
                                quoted(name), service_name(target.service)),
         .hint = fmt::format("{}, or take it out of the preload settings", kOtherImage)});
  }
  return result;
}

Diagnostics check_function_libraries(const TargetPlan& target, const ImageFacts& image) {
  Diagnostics result;
  Uses missing;
  for (const DatabaseFacts& database : target.inventory.databases) {
    for (const std::string& name : database.procedural_libraries) {
      if (!has_library(target, image, name)) missing[name].push_back(database.name);
    }
  }
  for (const auto& [name, databases] : missing) {
    result.push_back({.severity = Severity::error,
                      .code = "E-LIBRARY-MISSING",
                      .message = fmt::format("image {} has no library {}, which functions in {} of {} call",
                                             printable(image.reference), quoted(name),
                                             in_databases(databases), service_name(target.service)),
                      .hint = fmt::format("{}, or drop the functions", kOtherImage)});
  }
  return result;
}

// The locales that CREATE DATABASE asks the system for. It does so for ICU and builtin databases as well:
// their LC_COLLATE and LC_CTYPE are still the C library's.
Uses needed_locales(const Inventory& inventory) {
  Uses needed;
  for (const DatabaseFacts& database : inventory.databases) {
    for (const std::string& name : std::set{database.collate, database.ctype}) {
      if (name.empty() || name == "C" || name == "POSIX") continue;
      needed[name].push_back(database.name);
    }
  }
  return needed;
}

Diagnostics check_locales(const TargetPlan& target, const ImageFacts& image) {
  // musl takes every name for a locale, and sorts by code point under each.
  if (image.libc == "musl") return {};
  const Uses needed = needed_locales(target.inventory);
  if (needed.empty()) return {};
  const std::string name = printable(image.reference);
  if (image.locales.empty()) {
    return {{.severity = Severity::warning,
             .code = "W-LOCALE-UNKNOWN",
             .message = fmt::format("could not determine the locales of image {} for {}", name,
                                    service_name(target.service)),
             .hint = "see \"locale -a\" in a container of it"}};
  }
  std::set<std::string> offered;
  for (const std::string& locale : image.locales) offered.insert(normal_locale(locale));
  Diagnostics result;
  for (const auto& [locale, databases] : needed) {
    if (offered.contains(normal_locale(locale))) continue;
    result.push_back(
        {.severity = Severity::error,
         .code = "E-LOCALE-MISSING",
         .message = fmt::format("image {} has no locale {}, needed by {} of {}", name, quoted(locale),
                                in_databases(databases), service_name(target.service)),
         .hint = kOtherImage});
  }
  return result;
}

// Whether the new cluster gets the files of a copy, with their indexes.
bool has_copied_files(const AsidePlan& aside) {
  return !aside.directory.empty() && aside.copied && aside.copied_because.empty();
}

Diagnostics check_libc(const TargetPlan& target, const ImageFacts& image) {
  std::vector<std::string> sorted_by_libc;
  for (const DatabaseFacts& database : target.inventory.databases) {
    const std::string collate = normal_locale(database.collate);
    const bool by_bytes = collate.empty() || collate == "C" || collate == "POSIX" || collate == "C.utf8";
    if (database.locale_provider == 'c' && !by_bytes) sorted_by_libc.push_back(database.name);
  }
  if (sorted_by_libc.empty() || image.libc.empty()) return {};
  const bool copied = has_copied_files(target.aside);
  if (copied && image.libc == target.old_libc) return {};
  return {{.severity = Severity::note,
           .code = "N-LIBC",
           .message = fmt::format(
               "text in {} of {} is sorted by {} from then on; {}", in_databases(sorted_by_libc),
               service_name(target.service), printable(image.libc),
               copied ? "indexes of text are built anew" : "the restore builds all indexes in its order"),
           .hint = image.libc == "musl" ? "musl sorts by code point in every locale" : ""}};
}

// Settings that every server since 10 knows, or has renamed, but that --describe-config leaves out: those
// for developers, and those that postgresql.conf.sample does not show.
constexpr std::array<std::string_view, 24> kNotDescribed = {"allow_system_table_mods",
                                                            "application_name",
                                                            "config_file",
                                                            "data_directory",
                                                            "default_with_oids",
                                                            "force_parallel_mode",
                                                            "hba_file",
                                                            "ident_file",
                                                            "ignore_checksum_failure",
                                                            "ignore_system_indexes",
                                                            "jit_debugging_support",
                                                            "jit_dump_bitcode",
                                                            "jit_expressions",
                                                            "jit_profiling_support",
                                                            "jit_tuple_deforming",
                                                            "post_auth_delay",
                                                            "pre_auth_delay",
                                                            "sort_mem",
                                                            "ssl_ecdh_curve",
                                                            "trace_notify",
                                                            "trace_sort",
                                                            "vacuum_mem",
                                                            "wal_consistency_checking",
                                                            "zero_damaged_pages"};

bool is_known(const std::set<std::string>& known, const std::string& setting) {
  // A name with a dot belongs to an extension, and is taken whether that is loaded or not.
  return setting.find('.') != std::string::npos || known.contains(lower(setting)) ||
         std::find(kNotDescribed.begin(), kNotDescribed.end(), lower(setting)) != kNotDescribed.end();
}

std::set<std::string> names_known_to(const ImageFacts& image) {
  std::set<std::string> known;
  for (const std::string& name : image.settings) known.insert(lower(name));
  return known;
}

bool is_ours_to_drop(const Inventory& inventory, const SettingFacts& setting) {
  if (setting.origin == SettingFacts::Origin::command_line) return false;
  return setting.file.empty() || !setting.file.starts_with('/') ||
         is_within(setting.file, inventory.data_directory);
}

// What the compose file's command or a mounted file sets would stop the new server from starting.
Diagnostics check_fixed_settings(const TargetPlan& target, const ImageFacts& image) {
  Diagnostics result;
  if (image.settings.empty()) return result;
  const std::set<std::string> known = names_known_to(image);
  for (const SettingFacts& setting : target.inventory.settings) {
    if (is_known(known, setting.name) || is_ours_to_drop(target.inventory, setting)) continue;
    const std::string place = setting.origin == SettingFacts::Origin::command_line
                                  ? "on its command line"
                                  : "in the mounted file " + printable(setting.file);
    result.push_back({.severity = Severity::error,
                      .code = "E-SETTING-REMOVED",
                      .message = fmt::format("{} sets {} {}, which PostgreSQL {} does not know",
                                             service_name(target.service), printable(setting.name), place,
                                             target.new_major),
                      .hint = "take it out there, restart the service and run pgupgrade again"});
  }
  return result;
}

Diagnostics check_dropped_settings(const TargetPlan& target, const ImageFacts& image) {
  const std::vector<std::string> dropped = unknown_settings(target.inventory, image);
  if (dropped.empty()) return {};
  return {{.severity = Severity::warning,
           .code = "W-SETTING-REMOVED",
           .message = fmt::format("PostgreSQL {} does not know these settings of {}, which are left out: {}",
                                  target.new_major, service_name(target.service), plain_list(dropped))}};
}

// A server that is given such a value does not start: a time zone, a locale that the image lacks.
Diagnostics check_refused_settings(const TargetPlan& target, const ImageFacts& image) {
  Diagnostics result;
  for (const SettingFacts& setting : target.inventory.settings) {
    const auto refused = image.refused_settings.find(setting.name);
    if (refused == image.refused_settings.end()) continue;
    if (lower(setting.name).starts_with("lc_")) {
      result.push_back({.severity = Severity::error,
                        .code = "E-LOCALE-MISSING",
                        .message = fmt::format("image {} has no locale {}, the {} of {}",
                                               printable(image.reference), quoted(setting.value),
                                               printable(setting.name), service_name(target.service)),
                        .hint = fmt::format("{}, or set {} to a locale that both have", kOtherImage,
                                            printable(setting.name))});
      continue;
    }
    result.push_back(
        {.severity = Severity::error,
         .code = "E-SETTING-VALUE",
         .message = fmt::format("PostgreSQL {} of image {} refuses the {} of {}: {}", target.new_major,
                                printable(image.reference), printable(setting.name),
                                service_name(target.service), printable(refused->second, 500)),
         .hint = fmt::format("set {} to a value that both versions accept, then run pgupgrade again",
                             printable(setting.name))});
  }
  return result;
}

}  // namespace

std::string normal_locale(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return name;
  const std::size_t at = name.find('@', dot);
  std::string codeset = lower(name.substr(dot + 1, at == std::string::npos ? at : at - dot - 1));
  std::erase_if(codeset, [](char c) { return c == '-' || c == '_'; });
  return name.substr(0, dot) + "." + codeset + (at == std::string::npos ? "" : name.substr(at));
}

std::vector<std::string> unknown_settings(const Inventory& inventory, const ImageFacts& image) {
  if (image.settings.empty()) return {};
  const std::set<std::string> known = names_known_to(image);
  std::set<std::string> unknown;
  for (const SettingFacts& setting : inventory.settings) {
    if (!is_known(known, setting.name) && is_ours_to_drop(inventory, setting)) unknown.insert(setting.name);
  }
  return {unknown.begin(), unknown.end()};
}

namespace {

struct ImageCheck {
  CheckName name;
  Diagnostics (*find)(const TargetPlan&, const ImageFacts&);
};

constexpr auto kChecks = std::to_array<ImageCheck>({
    {{"the new image holds the version asked for", "E-IMAGE-MAJOR"}, check_major},
    {{"the new image's release is not an older one", "W-MINOR-OLDER"}, check_minor},
    {{"the new image keeps its data in that place", "E-PGDATA"}, check_pgdata},
    {{"the new image has every extension", "E-EXTENSION-MISSING"}, check_extensions},
    {{"the new image has every preloaded library", "E-LIBRARY-MISSING"}, check_preloaded_libraries},
    {{"the new image has every library of functions", "E-LIBRARY-MISSING"}, check_function_libraries},
    {{"the new image has every locale", "E-LOCALE-MISSING W-LOCALE-UNKNOWN"}, check_locales},
    {{"the new image knows every fixed setting", "E-SETTING-REMOVED"}, check_fixed_settings},
    {{"the new image knows every other setting", "W-SETTING-REMOVED"}, check_dropped_settings},
    {{"the new image accepts the settings' values", "E-SETTING-VALUE E-LOCALE-MISSING"},
     check_refused_settings},
    {{"text is sorted as before", "N-LIBC"}, check_libc},
});

}  // namespace

void check_image(const TargetPlan& target, const ImageFacts* image, const Request& request, Review& review) {
  for (const ImageCheck& check : kChecks) {
    if (image == nullptr) {
      review.postpone(check.name);
      continue;
    }
    Diagnostics found = with_acceptance(check.find(target, *image), request.acknowledged);
    // Of an image of another version nothing else is worth saying.
    const bool other_version = check.find == check_major && !found.empty();
    review.add(check.name, target.service, std::move(found));
    if (other_version) return;
  }
}

Diagnostics check_image(const TargetPlan& target, const ImageFacts& image,
                        const std::vector<std::string>& acknowledged) {
  Review review;
  Request request;
  request.acknowledged = acknowledged;
  check_image(target, &image, request, review);
  return review.diagnostics();
}

Diagnostics check_image(const TargetPlan& target, const ImageFacts& image, const Request& request) {
  return check_image(target, image, request.acknowledged);
}

}  // namespace pgupgrade::planning
