#include "upgrade/backup_check.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "upgrade/names.hpp"

namespace pgupgrade::upgrade {

backup::Manifest read_backup_again(StepContext& context, const TargetPlan& target) {
  const RunFiles& files = context.journal.files();
  const std::string text = read_file(files.manifest(target.service));
  if (sha256_hex(text) != context.datum_of("backup", target, "manifest_sha256")) {
    throw Error(ErrorKind::failed, "E-BACKUP-DAMAGED",
                fmt::format("cannot trust the backup of {}: its manifest {} has changed since it was written",
                            data_name(target.data_mount), files.manifest(target.service).string()),
                "pgupgrade rollback, then begin again");
  }
  auto manifest = backup::parse_manifest(text);
  backup::verify_archive(files.archive(target.service), manifest, [&](std::int64_t bytes) {
    context.progress(data_name(target.data_mount), bytes, manifest.content_bytes, Progress::Unit::bytes);
  });
  return manifest;
}

}  // namespace pgupgrade::upgrade
