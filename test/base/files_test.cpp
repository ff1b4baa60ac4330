#include "pgupgrade/base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using pgupgrade::test::TemporaryDirectory;

namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat facts {};
  REQUIRE(::lstat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777U;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.code() == "E-FILE");
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("what was written durably is read back byte for byte") {
  const TemporaryDirectory directory;
  const std::string bytes("a\0b\n\xff", 5);
  write_file_durably(directory / "file", bytes);
  CHECK(read_file(directory / "file") == bytes);
  CHECK(mode_of(directory / "file") == 0600);
  write_file_durably(directory / "file", "", 0644);
  CHECK(read_file(directory / "file").empty());
  CHECK(mode_of(directory / "file") == 0644);
}

TEST_CASE("reading an absent file is an error or nothing") {
  const TemporaryDirectory directory;
  CHECK(message_of([&] { read_file(directory / "none"); }) ==
        "could not read " + (directory / "none").native() + ": No such file or directory");
  CHECK(read_file_if_present(directory / "none") == std::nullopt);
  CHECK(message_of([&] { read_file_if_present(directory.path()); }) ==
        "could not read " + directory.path().native() + ": Is a directory");
}

TEST_CASE("a directory is never replaced by a file") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "d");
  CHECK(message_of([&] { write_file_durably(directory / "d", "x"); }) ==
        "could not replace " + (directory / "d").native() + ": Is a directory");
  CHECK(std::filesystem::is_directory(directory / "d"));
}

TEST_CASE("replacing keeps mode and owner and writes through a symbolic link") {
  const TemporaryDirectory directory;
  const auto goal = directory / "docker-compose.yml";
  const auto link = directory / "link.yml";
  write_file_durably(goal, "old", 0664);
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(goal.c_str(), 4711, 4712) == 0);
  std::filesystem::create_symlink("docker-compose.yml", link);

  replace_file_durably(link, "new");

  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(goal) == "new");
  CHECK(mode_of(goal) == 0664);
  struct stat facts {};
  REQUIRE(::stat(goal.c_str(), &facts) == 0);
  CHECK(facts.st_uid == (root ? 4711 : ::geteuid()));
  CHECK(facts.st_gid == (root ? 4712 : ::getegid()));
}

TEST_CASE("replacing an absent file is an error") {
  const TemporaryDirectory directory;
  CHECK(message_of([&] { replace_file_durably(directory / "none", "x"); }) ==
        "could not replace " + (directory / "none").native() + ": No such file or directory");
}

TEST_CASE("a private directory is created with its parents and only for its owner") {
  const TemporaryDirectory directory;
  create_private_directory(directory / "a/b/");
  create_private_directory(directory / "a/b");
  CHECK(mode_of(directory / "a") == 0700);
  CHECK(mode_of(directory / "a/b") == 0700);
  write_file_durably(directory / "file", "");
  CHECK(message_of([&] { create_private_directory(directory / "file"); }) ==
        "could not create the directory " + (directory / "file").native() + ": File exists");
}

TEST_CASE("removing a tree does not follow its links") {
  const TemporaryDirectory directory;
  create_private_directory(directory / "kept");
  write_file_durably(directory / "kept/file", "x");
  create_private_directory(directory / "tree/deep");
  std::filesystem::create_symlink(directory / "kept", directory / "tree/link");
  remove_tree(directory / "tree");
  remove_tree(directory / "tree");
  CHECK_FALSE(std::filesystem::exists(directory / "tree"));
  CHECK(read_file(directory / "kept/file") == "x");
}

TEST_CASE("free space is told for a path that does not exist yet") {
  const TemporaryDirectory directory;
  CHECK(free_bytes(directory / "not/yet/there") > 0);
  CHECK(free_bytes("/proc/self") == 0);
}

TEST_CASE("fsync of an absent file names it") {
  const TemporaryDirectory directory;
  write_file_durably(directory / "file", "x");
  fsync_file(directory / "file");
  fsync_directory(directory.path());
  CHECK(message_of([&] { fsync_file(directory / "none"); }) ==
        "could not open " + (directory / "none").native() + ": No such file or directory");
}

TEST_CASE("a lock is held by one at a time and given up on destruction") {
  const TemporaryDirectory directory;
  const auto path = directory / "lock";
  {
    const auto first = FileLock::try_acquire(path);
    REQUIRE(first.has_value());
    CHECK_FALSE(FileLock::try_acquire(path).has_value());
    CHECK(mode_of(path) == 0600);
  }
  CHECK(FileLock::try_acquire(path).has_value());
}

TEST_CASE("a lock on a file that was removed does not count") {
  const TemporaryDirectory directory;
  const auto path = directory / "lock";
  const auto first = FileLock::try_acquire(path);
  REQUIRE(first.has_value());
  std::filesystem::remove(path);
  CHECK(FileLock::try_acquire(path).has_value());
}

TEST_CASE("our descriptors are closed in children") {
  const TemporaryDirectory directory;
  const auto lock = FileLock::try_acquire(directory / "lock");
  REQUIRE(lock.has_value());
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != directory / "lock") continue;
    CHECK((::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC) != 0);
    ++checked;
  }
  CHECK(checked == 1);
}
