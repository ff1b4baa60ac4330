#include <fmt/format.h>

#include <vector>

#include "backup/compressed_file.hpp"
#include "backup/errors.hpp"
#include "backup/manifest_check.hpp"
#include "backup/tar_scan.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

constexpr std::size_t kPlainSize = 256U << 10U;

void check_entries(const std::string& name, const std::vector<Entry>& recorded,
                   const std::vector<Entry>& found) {
  for (std::size_t i = 0; i < recorded.size() && i < found.size(); ++i) {
    if (recorded[i].path != found[i].path) {
      throw_damaged(fmt::format("the backup {} is damaged: it holds {} where its manifest has {}", name,
                                printable(found[i].path), printable(recorded[i].path)));
    }
    check_entry(name, recorded[i], found[i]);
  }
  if (recorded.size() != found.size()) {
    throw_damaged(fmt::format("the backup {} is damaged: it holds {}, its manifest lists {}", name,
                              plural(found.size(), "member"), recorded.size()));
  }
}

}  // namespace

void verify_archive(const std::filesystem::path& path, const Manifest& manifest,
                    const std::function<void(std::int64_t)>& progress) {
  const std::string name = printable(path.native(), 4096);
  CompressedFileReader file(path);
  check_size(name, manifest, file.size());
  TarScan scan;
  std::vector<Entry> entries;
  try {
    std::vector<char> buffer(kPlainSize);
    while (const std::size_t count = file.read(buffer.data(), buffer.size())) {
      scan.feed({buffer.data(), count});
      if (progress) progress(scan.content_bytes());
    }
    entries = scan.finish();
  } catch (const Error& error) {
    explain(error, name, manifest, file);
  }
  const FileDigest digest = file.finish();
  check_size(name, manifest, digest.bytes);
  check_digest(name, manifest, digest.sha256);
  check_entries(name, manifest.entries, entries);
  if (scan.content_bytes() != manifest.content_bytes) {
    throw_damaged(fmt::format("the backup {} is damaged: it holds {} bytes of content, its manifest says {}",
                              name, scan.content_bytes(), manifest.content_bytes));
  }
  if (progress) progress(manifest.content_bytes);
}

}  // namespace pgupgrade::backup
