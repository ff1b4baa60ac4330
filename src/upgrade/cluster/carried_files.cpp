#include "upgrade/cluster/carried_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/work_files.hpp"

namespace pgupgrade::upgrade {
namespace {

// What initdb or a running server of any version makes at the top of a data directory, and the usual places
// of logs; all else is somebody's own, be it called pg_something.
constexpr std::array kServersOwn = {"PG_VERSION",
                                    "base",
                                    "global",
                                    "pg_clog",
                                    "pg_commit_ts",
                                    "pg_dynshmem",
                                    "pg_internal.init",
                                    "pg_log",
                                    "pg_logical",
                                    "pg_multixact",
                                    "pg_notify",
                                    "pg_replslot",
                                    "pg_serial",
                                    "pg_snapshots",
                                    "pg_stat",
                                    "pg_stat_tmp",
                                    "pg_subtrans",
                                    "pg_tblspc",
                                    "pg_twophase",
                                    "pg_upgrade_output.d",
                                    "pg_wal",
                                    "pg_xact",
                                    "pg_xlog",
                                    "postgresql.conf",
                                    "postmaster.pid",
                                    "postmaster.opts",
                                    "current_logfiles",
                                    "log",
                                    "backup_label.old",
                                    "backup_manifest",
                                    "tablespace_map.old",
                                    "logfile",
                                    "postgresql.conf.sample"};
constexpr std::int64_t kLargest = 1 << 20;  // of one file; configuration is small, and what is not is data

bool is_carried(const std::string& path) {
  const std::string top = path.substr(0, path.find('/'));
  if (top == "." || top == "lost+found" || top == kUnfinishedMark) return false;
  return std::find(kServersOwn.begin(), kServersOwn.end(), top) == kServersOwn.end();
}

// The manifest's path as one relative to the data directory; nothing for what is beside it.
std::optional<std::string> within_data_directory(const TargetPlan& target, const std::string& path) {
  const std::string absolute = target.data_mount.target + "/" + path;
  if (!absolute.starts_with(target.old_pgdata + "/")) return std::nullopt;
  return absolute.substr(target.old_pgdata.size() + 1);
}

std::filesystem::path saved_directory(StepContext& context, const TargetPlan& target) {
  return context.journal.files().carried(target.service);
}

std::string read_verified(const std::filesystem::path& saved, const SavedFile& file,
                          const TargetPlan& target) {
  auto content = read_file_if_present(saved);
  if (content && sha256_hex(*content) == file.sha256) return std::move(*content);
  throw Error(ErrorKind::failed, "E-DUMP-DAMAGED",
              fmt::format("the saved configuration of service \"{}\" is unusable: {} {}", target.service,
                          saved.string(), content ? "has changed since it was written" : "is gone"),
              "run `pgupgrade rollback`, then start over");
}

}  // namespace

std::map<std::string, SavedFile> save_configuration(StepContext& context, const TargetPlan& target,
                                                    const std::vector<backup::Entry>& entries) {
  std::map<std::string, SavedFile> all;
  WorkSpec spec = data_work(context, target, "read-config", {"true"});
  spec.mounts[0].read_only = true;
  const std::string container = create_work(context.world, spec);
  create_private_directory(saved_directory(context, target));
  for (const auto& entry : entries) {
    const auto path = within_data_directory(target, entry.path);
    if (!path || entry.kind == backup::Entry::Kind::directory || !is_carried(*path)) continue;
    // What is in postgresql.auto.conf has to be looked through.
    if (entry.kind == backup::Entry::Kind::symbolic_link && *path != "postgresql.auto.conf") {
      all[*path] = {.sha256 = sha256_hex(""), .link = entry.link};
      continue;
    }
    if (entry.kind != backup::Entry::Kind::file) {
      context.warn(
          "W-NOT-CARRIED",
          fmt::format(
              "{} in the data directory of service {} is not carried over: it is a link or no file (it "
              "stays with the old data)",
              *path, target.service));
      continue;
    }
    if (entry.size > kLargest) {
      context.warn("W-NOT-CARRIED",
                   fmt::format("file {} in the data directory of service {} is not carried over: it is "
                               "larger than 1 MiB (it stays with the old data)",
                               *path, target.service));
      continue;
    }
    const auto content = file_in_container(context.world.engine, container, target.old_pgdata + "/" + *path);
    if (!content) {
      throw Error(ErrorKind::failed, "E-CARRY",
                  fmt::format("could not read {} of {}", *path, data_name(target.data_mount)));
    }
    const auto saved = saved_directory(context, target) / *path;
    create_private_directory(saved.parent_path());
    write_file_durably(saved, *content);
    all[*path] = {.sha256 = sha256_hex(*content), .mode = entry.mode};
  }
  remove_work(context.world, spec);
  return all;
}

std::map<std::string, CarriedFile> saved_configuration(StepContext& context, const TargetPlan& target) {
  std::map<std::string, CarriedFile> files;
  const OldCluster old_cluster = read_old_cluster(context, target);
  for (const auto& [path, file] : old_cluster.carried) {
    files[path] = {.mode = file.mode, .link = file.link};
    if (file.link.empty())
      files[path].content = read_verified(saved_directory(context, target) / path, file, target);
  }
  return files;
}

void verify_carried(StepContext& context, const TargetPlan& target, const OldCluster& old_cluster) {
  for (const auto& [path, file] : old_cluster.carried)
    if (file.link.empty()) read_verified(saved_directory(context, target) / path, file, target);
}

}  // namespace pgupgrade::upgrade
