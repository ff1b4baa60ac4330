#include "pgupgrade/base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/durable_write.hpp"
#include "base/system_error.hpp"

namespace pgupgrade {

namespace {

constexpr std::size_t kReadSize = 64U << 10U;

UniqueFd open_retrying(const std::filesystem::path& path, int flags, mode_t mode = 0) {
  for (;;) {
    UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd || errno != EINTR) return fd;
  }
}

std::string read_all(const UniqueFd& fd, const std::filesystem::path& path) {
  std::string content;
  std::array<char, kReadSize> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_file_error("read", path, errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void fsync_path(const std::filesystem::path& path, int flags) {
  const UniqueFd fd = open_retrying(path, flags);
  if (!fd) throw_file_error("open", path, errno);
  while (::fsync(fd.get()) != 0) {
    if (errno != EINTR) throw_file_error("fsync", path, errno);
  }
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Whether `path` still names the file that is open: its last holder may have removed it meanwhile.
bool still_named(const UniqueFd& fd, const std::filesystem::path& path) {
  struct stat open_file {};
  struct stat named {};
  if (::fstat(fd.get(), &open_file) != 0) throw_file_error("inspect", path, errno);
  return ::stat(path.c_str(), &named) == 0 && named.st_dev == open_file.st_dev &&
         named.st_ino == open_file.st_ino;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const UniqueFd fd = open_retrying(path, O_RDONLY);
  if (!fd) throw_file_error("read", path, errno);
  return read_all(fd, path);
}

std::optional<std::string> read_file_if_present(const std::filesystem::path& path) {
  const UniqueFd fd = open_retrying(path, O_RDONLY);
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw_file_error("read", path, errno);
  return read_all(fd, path);
}

void write_file_durably(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  write_durably(real_file_system_calls(), path, bytes, mode, std::nullopt);
}

void replace_file_durably(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code problem;
  const std::filesystem::path goal = std::filesystem::canonical(path, problem);
  if (problem) throw_file_error("replace", path, problem.value());
  struct stat existing {};
  if (::stat(goal.c_str(), &existing) != 0) throw_file_error("replace", path, errno);
  write_durably(real_file_system_calls(), goal, bytes, existing.st_mode & 07777U,
                FileOwner{.user = existing.st_uid, .group = existing.st_gid});
}

void create_private_directory(const std::filesystem::path& path) {
  std::filesystem::path directory = path;
  if (!directory.has_filename()) directory = directory.parent_path();  // "a/b/"
  std::error_code problem;
  if (std::filesystem::is_directory(directory, problem)) return;
  const std::filesystem::path parent = parent_of(directory);
  if (parent != directory) create_private_directory(parent);
  if (::mkdir(directory.c_str(), 0700) != 0) {
    const int reason = errno;
    // Another process may have been faster.
    if (reason == EEXIST && std::filesystem::is_directory(directory, problem)) return;
    throw_file_error("create the directory", directory, reason);
  }
  fsync_directory(parent);
}

void fsync_file(const std::filesystem::path& path) {
  fsync_path(path, O_RDONLY);
}

void fsync_directory(const std::filesystem::path& path) {
  fsync_path(path, O_RDONLY | O_DIRECTORY);
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::remove_all(path, problem);
  if (problem) throw_file_error("remove", path, problem.value());
}

std::uint64_t free_bytes(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::path nearest = std::filesystem::absolute(path, problem);
  if (problem) throw_file_error("find", path, problem.value());
  struct statvfs facts {};
  while (::statvfs(nearest.c_str(), &facts) != 0) {
    if (errno == EINTR) continue;
    if ((errno != ENOENT && errno != ENOTDIR) || nearest == nearest.parent_path()) {
      throw_file_error("determine the free space of", path, errno);
    }
    nearest = nearest.parent_path();
  }
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  for (;;) {
    UniqueFd fd = open_retrying(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!fd) throw_file_error("open the lock file", path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno != EINTR) throw_file_error("lock", path, errno);
    } else if (still_named(fd, path)) {
      return FileLock(std::move(fd));
    }
  }
}

}  // namespace pgupgrade
