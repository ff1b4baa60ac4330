#include <fmt/format.h>

#include "pgupgrade/base/text.hpp"
#include "planning/checks.hpp"
#include "planning/states.hpp"

namespace pgupgrade::planning {

// The image's entrypoint looks in PGDATA for a cluster. Where the server was pointed elsewhere, the new image
// would take the data for absent.
Diagnostics check_data_directory(const Subject& subject) {
  const std::string& pgdata = subject.service.pgdata;
  if (pgdata.empty() || clean_path(pgdata) == subject.place.old_pgdata) return {};
  return {{.severity = Severity::error,
           .code = "E-DATA-DIRECTORY",
           .message = fmt::format("the server of {} keeps its data in {}, but PGDATA is {}",
                                  service_name(subject.service), printable(subject.place.old_pgdata),
                                  printable(pgdata)),
           .hint = "set PGDATA to the directory that the server uses, instead of -D or data_directory"}};
}

// A file of the user's, outside of the data directory, is carried over as it is. Where the data moves with
// the new image's layout, it would lead the new server to the old place.
Diagnostics check_data_directory_setting(const Subject& subject) {
  const std::string& old_pgdata = subject.place.old_pgdata;
  if (subject.place.new_pgdata == old_pgdata) return {};
  for (const SettingFacts& setting : subject.inventory.settings) {
    if (lower(setting.name) != "data_directory" || setting.file.empty() ||
        is_within(setting.file, old_pgdata))
      continue;
    const std::string place =
        printable(setting.file) + (setting.line > 0 ? fmt::format(":{}", setting.line) : "");
    return {
        {.severity = Severity::error,
         .code = "E-DATA-DIRECTORY",
         .message = fmt::format("{} sets data_directory to {}, but the new image keeps the data of {} in {}",
                                place, printable(setting.value), service_name(subject.service),
                                printable(subject.place.new_pgdata)),
         .hint = fmt::format("set PGDATA of the service to {} in the Compose file, so that data and mount "
                             "stay where they are, or remove the line",
                             printable(old_pgdata))}};
  }
  return {};
}

// Beside the old cluster the new one is made in a directory of its own.
Diagnostics check_new_directory(const Subject& subject) {
  if (!subject.place.beside) return {};
  for (const UnusedCluster& cluster : subject.service.unused_clusters) {
    if (clean_path(cluster.path) != subject.place.new_pgdata) continue;
    return {{.severity = Severity::error,
             .code = "E-NEW-DIRECTORY",
             .message = fmt::format("{} is to have its new cluster in {}, but one of PostgreSQL {} is there",
                                    service_name(subject.service), printable(subject.place.new_pgdata),
                                    cluster.major),
             .hint = "move it away when nobody needs it"}};
  }
  return {};
}

Diagnostics check_data_mount(const Subject& subject) {
  const std::string name = service_name(subject.service);
  const auto& mount = subject.place.data_mount;
  const std::string directory = printable(subject.place.old_pgdata);
  if (!mount || mount->kind == MountKind::tmpfs) {
    return {{.severity = Severity::error,
             .code = "E-DATA-MOUNT",
             .message = fmt::format(
                 "the data directory {} of {} is {}, so the data would be lost with the container", directory,
                 name, mount ? "on a tmpfs mount" : "not on a mount"),
             .hint = "copy the data to a named volume and mount that there"}};
  }
  return {};
}

Diagnostics check_read_only_mount(const Subject& subject) {
  const Mount& mount = *subject.place.data_mount;
  if (!mount.read_only) return {};
  return {{.severity = Severity::error,
           .code = "E-READ-ONLY-MOUNT",
           .message = fmt::format("the {} of {} is mounted read-only", mount_name(mount),
                                  service_name(subject.service)),
           .hint = "mount it for writing"}};
}

Diagnostics check_anonymous_volume(const Subject& subject) {
  const Mount& mount = *subject.place.data_mount;
  if (!is_anonymous(mount)) return {};
  return {anonymous_data(subject.service, mount)};
}

// Work containers mount volumes whole.
Diagnostics check_subpaths(const Subject& subject) {
  Diagnostics result;
  for (const Mount& mount : subject.service.mounts) {
    if (mount.subpath.empty()) continue;
    result.push_back(
        {.severity = Severity::error,
         .code = "E-SUBPATH",
         .message = fmt::format("{} mounts {} of the {} at {}, and only whole volumes can be upgraded",
                                service_name(subject.service), printable(mount.subpath), mount_name(mount),
                                printable(mount.target)),
         .hint = "give it a volume of its own"});
  }
  return result;
}

// initdb refuses a directory with something in it, and what is mounted there cannot be taken out.
Diagnostics check_nested_mounts(const Subject& subject) {
  Diagnostics result;
  for (const Mount& mount : subject.service.mounts) {
    const std::string target = clean_path(mount.target);
    const bool holds_data = subject.place.data_mount && mount == *subject.place.data_mount;
    const bool inside =
        is_within(target, subject.place.old_pgdata) || is_within(target, subject.place.new_pgdata);
    if (holds_data || !inside) continue;
    result.push_back({.severity = Severity::error,
                      .code = "E-NESTED-MOUNT",
                      .message = fmt::format("the mount {} of {} lies within the data directory",
                                             printable(target), service_name(subject.service)),
                      .hint = "mount it outside of the data directory and name its new place with -c"});
  }
  return result;
}

Diagnostics check_shared_volume(const Subject& subject) {
  if (subject.service.other_users.empty() || !subject.place.data_mount) return {};
  std::string names;
  for (const std::string& user : subject.service.other_users)  // "backup-1 (running)"
    names += " " + shell_word(user.substr(0, user.find(" (")));
  return {{.severity = Severity::error,
           .code = "E-VOLUME-SHARED",
           .message = fmt::format("the {} of {} is also mounted by {}", mount_name(*subject.place.data_mount),
                                  service_name(subject.service), plain_list(subject.service.other_users)),
           .hint = fmt::format(
               "remove these containers, stopped ones too (docker rm --force{}; pgupgrade cleanup removes "
               "what an earlier run has left), or give them another volume",
               names)}};
}

// The engine's archive calls leave them out, so a rollback could not give them back. PostgreSQL makes none.
Diagnostics check_extended_attributes(const Subject& subject) {
  if (subject.service.with_attributes.empty()) return {};
  return {{.severity = Severity::error,
           .code = "E-XATTR",
           .message = fmt::format("files of {} have extended attributes or access control lists, which a "
                                  "rollback would not give back: {}",
                                  service_name(subject.service), plain_list(subject.service.with_attributes)),
           .hint = "remove them (setfattr --remove, setfacl --remove-all)"}};
}

// The place of the old cluster is emptied, and what lies in it goes with it.
Diagnostics check_kept_dumps(const Subject& subject) {
  const auto& mount = subject.place.data_mount;
  const auto& directory = subject.request.dump_directory;
  if (!directory || !mount || mount->kind != MountKind::bind ||
      !is_within(directory->string(), mount->source))
    return {};
  return {{.severity = Severity::error,
           .code = "E-KEEP-DUMPS",
           .message = fmt::format("dumps cannot be kept in {}: it lies in the data of {}",
                                  printable(directory->string()), service_name(subject.service)),
           .hint = "choose another directory"}};
}

}  // namespace pgupgrade::planning
