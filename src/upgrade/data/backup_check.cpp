#include "upgrade/data/backup_check.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

[[noreturn]] void damaged(const TargetPlan& target, const std::string& why) {
  throw Error(ErrorKind::failed, "E-BACKUP-DAMAGED",
              fmt::format("the backup of {} is unusable: {}", data_name(target.data_mount), why),
              "run `pgupgrade rollback`, then start over");
}

// A file that is gone or that its disk does not give is damaged like one of other bytes.
template <typename Read>
auto read_or_damaged(const TargetPlan& target, Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.is("E-FILE")) damaged(target, error.what());
    throw;
  }
}

}  // namespace

backup::Manifest read_manifest(const StepContext& context, const TargetPlan& target) {
  const auto path = context.journal.files().manifest(target.service);
  const std::string text = read_or_damaged(target, [&] { return read_file(path); });
  if (sha256_hex(text) != context.known(target).backup.manifest_sha256)
    damaged(target, fmt::format("its manifest {} has changed since it was written", path.string()));
  return backup::parse_manifest(text);
}

void verify_backup(const StepContext& context, const TargetPlan& target, const backup::Manifest& manifest) {
  read_or_damaged(target, [&] {
    backup::verify_archive(context.journal.files().archive(target.service), manifest,
                           [&](std::int64_t bytes) {
                             context.progress(data_name(target.data_mount), bytes, manifest.content_bytes,
                                              Progress::Unit::bytes);
                           });
  });
}

backup::Manifest read_backup_again(const StepContext& context, const TargetPlan& target) {
  auto manifest = read_manifest(context, target);
  verify_backup(context, target, manifest);
  return manifest;
}

}  // namespace pgupgrade::upgrade
