#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "pgupgrade/base/unique_fd.hpp"

namespace pgupgrade {

// All functions throw Error(failed, "E-FILE") that names the path and the system's reason.

// Whole content of a file (bytes). Throws when it is absent.
std::string read_file(const std::filesystem::path& path);
// Nothing when the file does not exist.
std::optional<std::string> read_file_if_present(const std::filesystem::path& path);

// Temporary file beside `path`, write, fsync, rename, fsync of the directory. A failure of any of them,
// fsync included, is thrown, and `path` keeps its old content. `mode` is the new file's permission bits.
void write_file_durably(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0600);

// As above, but keeps mode and owner of the existing file and writes through a symbolic link to its goal.
void replace_file_durably(const std::filesystem::path& path, std::string_view bytes);

// Creates the directory (and parents) with mode 0700 where absent; fsyncs the parent.
void create_private_directory(const std::filesystem::path& path);

void fsync_file(const std::filesystem::path& path);
void fsync_directory(const std::filesystem::path& path);
void remove_tree(const std::filesystem::path& path);  // absent is fine; does not follow links

// Bytes that an unprivileged writer can still use on the file system of `path` (or its nearest parent).
std::uint64_t free_bytes(const std::filesystem::path& path);

// An exclusive flock(2) on a file that is created where absent (0600). The kernel drops it when the
// process ends, however it ends.
class FileLock {
 public:
  // Nothing when another process holds it.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace pgupgrade
