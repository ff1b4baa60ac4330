#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string_view>

namespace pgupgrade {

// The system calls of a durable write, each as in its manual page, so that tests can make any of them fail.
struct FileSystemCalls {
  int (*open)(const char* path, int flags, mode_t mode);
  int (*fchown)(int fd, uid_t owner, gid_t group);
  int (*fchmod)(int fd, mode_t mode);
  ssize_t (*write)(int fd, const void* bytes, std::size_t count);
  int (*fsync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char* from, const char* to, unsigned flags);  // renameat2(2) in the current directory
  int (*unlink)(const char* path);
};

const FileSystemCalls& real_file_system_calls();

struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};

// What write_file_durably and replace_file_durably share; `owner` of nothing: ours.
void write_durably(const FileSystemCalls& calls, const std::filesystem::path& path, std::string_view bytes,
                   mode_t mode, const std::optional<FileOwner>& owner);

}  // namespace pgupgrade
