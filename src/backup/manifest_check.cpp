#include "backup/manifest_check.hpp"

#include <fmt/format.h>

#include <vector>

#include "backup/errors.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

void check_entry(const std::string& archive, const Entry& recorded, const Entry& found) {
  if (recorded == found) return;
  Entry same_content = found;
  same_content.sha256 = recorded.sha256;
  const std::string_view what =
      recorded == same_content ? "content" : "kind, size, mode, owner, time or link";
  throw_damaged(fmt::format("the backup {} is damaged: the {} of {} is not as in its manifest", archive, what,
                            printable(found.path)));
}

void check_size(const std::string& archive, const Manifest& manifest, std::int64_t bytes) {
  if (bytes == manifest.archive_bytes) return;
  throw_damaged(fmt::format("the backup {} is damaged: it has {} bytes, its manifest says {}", archive, bytes,
                            manifest.archive_bytes));
}

void check_digest(const std::string& archive, const Manifest& manifest, const std::string& sha256) {
  if (sha256 == manifest.archive_sha256) return;
  throw_damaged(fmt::format("the backup {} is damaged: its SHA-256 is {}, its manifest says {}", archive,
                            sha256, printable(manifest.archive_sha256)));
}

void explain(const Error& error, const std::string& archive, const Manifest& manifest,
             CompressedFileReader& file) {
  if (error.is("E-BACKUP-CUT")) {
    throw_damaged(fmt::format("the backup {} is damaged: {}", archive, error.what()));
  }
  if (error.is("E-BACKUP-HOSTILE")) {
    std::vector<char> buffer(256U << 10U);
    while (file.read(buffer.data(), buffer.size()) > 0) {
    }
    check_digest(archive, manifest, file.finish().sha256);
  }
  throw Error(error);
}

}  // namespace pgupgrade::backup
