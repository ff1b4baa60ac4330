#include "base/durable_write.hpp"

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using pgupgrade::test::TemporaryDirectory;

namespace {

// Makes one call, counted over all kinds of calls, fail with a given error number.
struct Fault {
  int at = 0;  // 1 is the first
  int error_number = EIO;
  int seen = 0;
  bool exchange_supported = true;

  bool strikes() {
    if (++seen != at) return false;
    errno = error_number;
    return true;
  }
};

Fault fault;

const FileSystemCalls& real() {
  return real_file_system_calls();
}

const FileSystemCalls kFaulty{
    .open = [](const char* p, int f, mode_t m) { return fault.strikes() ? -1 : real().open(p, f, m); },
    .fchown = [](int fd, uid_t u, gid_t g) { return fault.strikes() ? -1 : real().fchown(fd, u, g); },
    .fchmod = [](int fd, mode_t m) { return fault.strikes() ? -1 : real().fchmod(fd, m); },
    // Three bytes at most, so that a write takes several calls.
    .write = [](int fd, const void* b, std::size_t n) -> ssize_t {
      return fault.strikes() ? -1 : real().write(fd, b, std::min<std::size_t>(n, 3));
    },
    .fsync = [](int fd) { return fault.strikes() ? -1 : real().fsync(fd); },
    .close =
        [](int fd) {
          const bool fails = fault.strikes();
          const int error_number = errno;
          const int result = real().close(fd);
          if (fails) errno = error_number;
          return fails ? -1 : result;
        },
    .rename =
        [](const char* from, const char* to, unsigned flags) {
          if (fault.strikes()) return -1;
          if (flags != 0 && !fault.exchange_supported) {
            errno = EINVAL;
            return -1;
          }
          return real().rename(from, to, flags);
        },
    .unlink = [](const char* p) { return real().unlink(p); }};

std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.insert(entry.path().filename());
  return names;
}

// The calls that a write of 8 bytes makes when none fails.
int count_calls(const std::filesystem::path& path) {
  fault = Fault{};
  write_durably(kFaulty, path, "old text", 0600, FileOwner{::geteuid(), ::getegid()});
  return fault.seen;
}

}  // namespace

TEST_CASE("a durable write whose k-th call fails leaves the old content and no other file") {
  const TemporaryDirectory directory;
  const auto path = directory / "state.json";
  const int first = count_calls(path);
  const int calls = count_calls(path);
  REQUIRE(calls == first - 1);  // the exchange, where the first write needed a plain rename after it
  for (const int error_number : {EIO, ENOSPC}) {
    // The last call closes the directory, when all is done.
    for (int k = 1; k < calls; ++k) {
      fault = Fault{.at = k, .error_number = error_number};
      INFO("call " << k << " of " << calls);
      try {
        write_durably(kFaulty, path, "new text", 0600, FileOwner{::geteuid(), ::getegid()});
        FAIL("no error");
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::failed);
        CHECK(error.code() == "E-FILE");
        CHECK_THAT(error.what(), ContainsSubstring(directory.path().native()));
      }
      CHECK(read_file(path) == "old text");
      CHECK(names_in(directory.path()) == std::set<std::string>{"state.json"});
    }
  }
}

TEST_CASE("a durable write of a new file whose k-th call fails leaves no file") {
  const TemporaryDirectory directory;
  const auto path = directory / "state.json";
  const int calls = count_calls(path);
  for (int k = 1; k < calls; ++k) {
    std::filesystem::remove(path);
    fault = Fault{.at = k, .error_number = EIO};
    INFO("call " << k << " of " << calls);
    CHECK_THROWS_AS(write_durably(kFaulty, path, "new text", 0600, FileOwner{::geteuid(), ::getegid()}),
                    Error);
    CHECK(names_in(directory.path()).empty());
  }
}

TEST_CASE("an interrupted system call is made again") {
  const TemporaryDirectory directory;
  const auto path = directory / "state.json";
  count_calls(path);
  fault = Fault{};
  write_durably(kFaulty, path, "old text", 0600, std::nullopt);
  const int calls = fault.seen;
  int succeeded = 0;
  for (int k = 1; k <= calls; ++k) {
    fault = Fault{.at = k, .error_number = EINTR};
    try {
      write_durably(kFaulty, path, "text " + std::to_string(k), 0600, std::nullopt);
      CHECK(read_file(path) == "text " + std::to_string(k));
      ++succeeded;
    } catch (const Error&) {
      // fchmod and renameat2 are never interrupted.
      CHECK(read_file(path) != "text " + std::to_string(k));
    }
  }
  CHECK(succeeded == calls - 2);
}

TEST_CASE("a file system that cannot exchange two files is written by a plain rename") {
  const TemporaryDirectory directory;
  const auto path = directory / "state.json";
  for (const std::string text : {"first", "second"}) {
    fault = Fault{.exchange_supported = false};
    write_durably(kFaulty, path, text, 0640, std::nullopt);
    CHECK(read_file(path) == text);
    CHECK(names_in(directory.path()) == std::set<std::string>{"state.json"});
  }
}

TEST_CASE("the error of a full disk names the file and says to free space") {
  const TemporaryDirectory directory;
  const auto path = directory / "state.json";
  fault = Fault{.at = 4, .error_number = ENOSPC};
  try {
    write_durably(kFaulty, path, "text", 0600, std::nullopt);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.what() == "could not write " + path.native() + ": No space left on device");
    CHECK(error.hint() == "free some space on that file system, then run `pgupgrade resume`");
  }
}
