#include "base/durable_write.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "base/system_error.hpp"
#include "pgupgrade/base/hash.hpp"

namespace pgupgrade {

namespace {

int real_rename(const char* from, const char* to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

int open_file(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Closes through the calls under test, and says whether that worked: a late error of a write may only show
// here.
class Descriptor {
 public:
  Descriptor(const FileSystemCalls& calls, int fd) : calls_(calls), fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  bool close() {
    if (fd_ < 0) return true;
    const int fd = fd_;
    fd_ = -1;  // the descriptor is gone even when close fails
    return calls_.close(fd) == 0 || errno == EINTR;
  }

 private:
  const FileSystemCalls& calls_;
  int fd_;
};

int open_retrying(const FileSystemCalls& calls, const std::filesystem::path& path, int flags, mode_t mode) {
  for (;;) {
    const int fd = calls.open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

bool fsync_retrying(const FileSystemCalls& calls, int fd) {
  for (;;) {
    if (calls.fsync(fd) == 0) return true;
    if (errno != EINTR) return false;
  }
}

// Removes the temporary file, whatever happens. Its content is the new bytes before the swap, the old after.
class Temporary {
 public:
  Temporary(const FileSystemCalls& calls, std::filesystem::path path)
      : calls_(calls), path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (present_) calls_.unlink(path_.c_str());
  }

  const std::filesystem::path& path() const { return path_; }
  void gone() { present_ = false; }

 private:
  const FileSystemCalls& calls_;
  std::filesystem::path path_;
  bool present_ = true;
};

void fill(const FileSystemCalls& calls, const std::filesystem::path& path, Descriptor& file,
          std::string_view bytes, mode_t mode, const std::optional<FileOwner>& owner) {
  if (owner && calls.fchown(file.get(), owner->user, owner->group) != 0) {
    throw_file_error("keep the owner of", path, errno);
  }
  // After fchown, which clears setuid and setgid; and explicitly, since open heeds the umask.
  if (calls.fchmod(file.get(), mode) != 0) throw_file_error("set the mode of", path, errno);
  while (!bytes.empty()) {
    const ssize_t count = calls.write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_file_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (!fsync_retrying(calls, file.get())) throw_file_error("fsync", path, errno);
  if (!file.close()) throw_file_error("close", path, errno);
}

enum class Swap { exchanged, created, replaced };

// Exchanging keeps the old content under the temporary's name until the directory is safe on disk. Where a
// file system cannot exchange, the plain rename loses it, and a failed fsync leaves the new content.
Swap swap_in(const FileSystemCalls& calls, const std::filesystem::path& temporary,
             const std::filesystem::path& path) {
  if (calls.rename(temporary.c_str(), path.c_str(), RENAME_EXCHANGE) == 0) return Swap::exchanged;
  const bool absent = errno == ENOENT;
  const bool unsupported = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
  if (!absent && !unsupported) throw_file_error("replace", path, errno);
  struct stat existing {};
  const Swap result = ::lstat(path.c_str(), &existing) == 0 ? Swap::replaced : Swap::created;
  if (calls.rename(temporary.c_str(), path.c_str(), 0) != 0) throw_file_error("replace", path, errno);
  return result;
}

void swap_back(const FileSystemCalls& calls, Swap swap, Temporary& temporary,
               const std::filesystem::path& path) {
  if (swap == Swap::exchanged) {
    // When even this fails, the old content is the temporary file: keep it for the user.
    if (calls.rename(temporary.path().c_str(), path.c_str(), RENAME_EXCHANGE) != 0) temporary.gone();
  } else if (swap == Swap::created) {
    calls.unlink(path.c_str());
  }
}

}  // namespace

const FileSystemCalls& real_file_system_calls() {
  static const FileSystemCalls kReal{.open = open_file,
                                     .fchown = ::fchown,
                                     .fchmod = ::fchmod,
                                     .write = ::write,
                                     .fsync = ::fsync,
                                     .close = ::close,
                                     .rename = real_rename,
                                     .unlink = ::unlink};
  return kReal;
}

void write_durably(const FileSystemCalls& calls, const std::filesystem::path& path, std::string_view bytes,
                   mode_t mode, const std::optional<FileOwner>& owner) {
  struct stat existing {};
  if (::lstat(path.c_str(), &existing) == 0 && S_ISDIR(existing.st_mode)) {
    throw_file_error("replace", path, EISDIR);
  }
  const std::filesystem::path directory = directory_of(path);
  // Opened first: once the new content is in place, nothing but the fsync itself can fail.
  Descriptor parent(calls, open_retrying(calls, directory, O_RDONLY | O_DIRECTORY, 0));
  if (parent.get() < 0) throw_file_error("open", directory, errno);

  const std::filesystem::path name = directory / (".pgupgrade-" + random_hex(8) + ".tmp");
  Descriptor file(calls, open_retrying(calls, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  if (file.get() < 0) throw_file_error("create a temporary file for", path, errno);
  Temporary temporary(calls, name);
  fill(calls, path, file, bytes, mode, owner);

  const Swap swap = swap_in(calls, name, path);
  if (swap != Swap::exchanged) temporary.gone();
  if (!fsync_retrying(calls, parent.get())) {
    const int reason = errno;
    swap_back(calls, swap, temporary, path);
    throw_file_error("fsync", directory, reason);
  }
}

}  // namespace pgupgrade
