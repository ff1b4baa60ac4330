#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "backup/errors.hpp"
#include "backup/tar_scan.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/base/unique_fd.hpp"

namespace pgupgrade::backup {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_unwritten(const fs::path& path, int reason) {
  throw Error(ErrorKind::failed, "E-FILE",
              fmt::format("could not write {}: {}", printable(path.native(), 4096),
                          std::generic_category().message(reason)),
              reason == ENOSPC ? "free some space on that file system, then run `pgupgrade resume`" : "");
}

void write_all(const UniqueFd& fd, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_unwritten(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Nobody else may read it at any moment, and a link that lies there is not followed.
Sink new_file(const fs::path& path) {
  create_private_directory(path.parent_path());
  auto file = std::make_shared<UniqueFd>(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!*file) throw_unwritten(path, errno);
  return [file, path](std::string_view bytes) { write_all(*file, path, bytes); };
}

}  // namespace

std::vector<Entry> unpack(const fs::path& directory, const std::function<void(const Sink&)>& produce,
                          const std::function<void(std::int64_t)>& progress) {
  create_private_directory(directory);
  TarScan scan([&](const Entry& entry) { return new_file(directory / entry.path); });
  produce([&](std::string_view bytes) {
    scan.feed(bytes);
    if (progress) progress(scan.content_bytes());
  });
  const auto entries = scan.finish();
  for (const Entry& entry : entries) {
    const fs::path path = directory / entry.path;
    if (entry.kind == Entry::Kind::file)
      fsync_file(path);
    else if (entry.kind == Entry::Kind::directory)
      create_private_directory(path);
    else
      throw_hostile(
          fmt::format("the archive's member {} is neither a file nor a directory", printable(entry.path)));
  }
  for (const Entry& entry : entries)
    if (entry.kind == Entry::Kind::directory) fsync_directory(directory / entry.path);
  fsync_directory(directory);
  return entries;
}

}  // namespace pgupgrade::backup
