#include "backup/compressed_file.hpp"
#include "backup/tar_scan.hpp"
#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::backup {

Manifest write_archive(const std::filesystem::path& path, const std::function<void(const Sink&)>& produce,
                       const std::function<void(std::int64_t)>& progress) {
  CompressedFileWriter file(path);
  TarScan scan;
  std::int64_t told = -1;
  produce([&](std::string_view bytes) {
    scan.feed(bytes);
    file.write(bytes);
    if (const std::int64_t content = scan.content_bytes(); progress && content != told) {
      told = content;
      progress(content);
    }
  });
  Manifest manifest;
  manifest.entries = scan.finish();  // before the file gets its name
  manifest.content_bytes = scan.content_bytes();
  const FileDigest digest = file.finish();
  manifest.archive_sha256 = digest.sha256;
  manifest.archive_bytes = digest.bytes;
  if (progress) progress(manifest.content_bytes);
  return manifest;
}

}  // namespace pgupgrade::backup
