#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <functional>

#include "backup/sample_tree.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::backup;
using namespace pgupgrade::test;

namespace {

// A PATH of one directory that holds the tools of one kind and nothing else.
class Tools {
 public:
  // `busybox`: every name leads to it; empty: each to the program of its name.
  Tools(const std::vector<std::string>& names, const std::string& busybox) {
    for (const std::string& name : names) {
      const auto goal = find_executable(busybox.empty() ? name : busybox);
      if (!goal) throw std::runtime_error("this machine has no " + name);
      std::filesystem::create_symlink(*goal, directory_ / name);
    }
  }

  void replace(const std::string& name, const std::string& script) {
    std::filesystem::remove(directory_ / name);
    write_file_durably(directory_ / name, script, 0755);
  }

  ProcessResult list(const std::filesystem::path& data) const {
    std::vector<std::string> argv = listing_command(data.native());
    argv.front() = (directory_ / "sh").native();
    ProcessOptions options;
    options.extra_environment = {{"PATH", directory_.path().native()}};
    return run_process(argv, options);
  }

 private:
  TemporaryDirectory directory_;
};

struct Kind {
  std::string title;
  std::vector<std::string> names;
  std::string busybox;
};

// GNU's tools with and without openssl, and busybox where the machine has it (as scripts/setup installs it).
std::vector<Kind> kinds() {
  const std::vector<std::string> names = {"sh", "find", "stat", "readlink", "sha256sum"};
  std::vector<std::string> with_openssl = names;
  with_openssl.push_back("openssl");
  std::vector<Kind> result = {{"gnu", names, ""}, {"gnu and openssl", with_openssl, ""}};
  if (find_executable("busybox")) result.push_back({"busybox", names, "busybox"});
  return result;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.code() == "E-LISTING-CUT");
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a listing agrees with the archive of the same tree") {
  const TemporaryDirectory directory;
  const auto data = directory / "da ta";
  make_sample_tree(data);
  write_file_durably(data / "back\\slash", "x");
  write_file_durably(data / "-n", "looks like an option");
  std::filesystem::create_symlink("goal with spaces", data / "other link");
  const Manifest manifest = write_in_pieces(directory / "a", tar_of_tree(data));
  for (const Kind& kind : kinds()) {
    INFO(kind.title);
    const ProcessResult result = Tools(kind.names, kind.busybox).list(data);
    CHECK(result.standard_error == "");
    REQUIRE(result.succeeded());
    const std::vector<Entry> listing = parse_listing(result.standard_output);
    CHECK(listing.size() == 15);
    CHECK(compare(listing, manifest) == std::vector<std::string>{});
  }
}

TEST_CASE("an empty directory has a listing of itself alone") {
  const TemporaryDirectory directory;
  for (const Kind& kind : kinds()) {
    INFO(kind.title);
    const auto listing =
        parse_listing(Tools(kind.names, kind.busybox).list(directory.path()).standard_output);
    REQUIRE(listing.size() == 1);
    CHECK(listing[0].path == ".");
    CHECK(listing[0].kind == Entry::Kind::directory);
    CHECK(listing[0].mode == 0700);
  }
}

TEST_CASE("a tool that fails ends the listing without its last line") {
  const TemporaryDirectory directory;
  make_sample_tree(directory / "data");
  for (const Kind& kind : kinds()) {
    for (const std::string& tool : kind.names) {
      if (tool == "sh") continue;
      if (tool == "sha256sum" && kind.names.back() == "openssl") continue;  // not used then
      INFO(kind.title << ": " << tool);
      Tools tools(kind.names, kind.busybox);
      tools.replace(tool, "#!/bin/sh\necho gone wrong >&2\nexit 1\n");
      const ProcessResult result = tools.list(directory / "data");
      CHECK_FALSE(result.succeeded());
      CHECK(message_of([&] { parse_listing(result.standard_output); }) ==
            "the listing of the volume is not complete: its last line is missing");
    }
  }
}

TEST_CASE("an absent directory has no listing") {
  for (const Kind& kind : kinds()) {
    const ProcessResult result = Tools(kind.names, kind.busybox).list("/nonexistent");
    CHECK_FALSE(result.succeeded());
    CHECK(result.standard_output == "");
  }
}

TEST_CASE("a name or a goal with a line feed is refused and not listed wrongly") {
  for (const Kind& kind : kinds()) {
    INFO(kind.title);
    const TemporaryDirectory directory;
    write_file_durably(directory / "a\nb", "x");
    const ProcessResult name = Tools(kind.names, kind.busybox).list(directory.path());
    CHECK_FALSE(name.succeeded());
    CHECK(name.standard_error == "a file's name holds a line feed\n");
    std::filesystem::remove(directory / "a\nb");
    std::filesystem::create_symlink("a\nb", directory / "link");
    const ProcessResult goal = Tools(kind.names, kind.busybox).list(directory.path());
    CHECK_FALSE(goal.succeeded());
    CHECK(goal.standard_error == "the goal of a link holds a line feed\n");
  }
}

TEST_CASE("a listing without any one of its lines is refused") {
  const TemporaryDirectory directory;
  make_sample_tree(directory / "data");
  const Kind kind = kinds().front();
  const std::string whole = Tools(kind.names, kind.busybox).list(directory / "data").standard_output;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < whole.size(); ++lines) {
    const std::size_t end = whole.find('\n', at) + 1;
    INFO("without: " << whole.substr(at, end - at));
    const std::string cut = whole.substr(0, at) + whole.substr(end);
    CHECK_THAT(message_of([&] { parse_listing(cut); }),
               ContainsSubstring("the listing of the volume is not complete: "));
    at = end;
  }
  CHECK(lines == 5 + 1 + 12 + 2 + 7);
}

TEST_CASE("a socket is in neither the listing nor the comparison") {
  const TemporaryDirectory directory;
  const auto data = directory / "data";
  make_sample_tree(data);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (data / "s").native();
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::mkfifo((data / "fifo").c_str(), 0600) == 0);
  const Kind kind = kinds().front();
  const auto listing = parse_listing(Tools(kind.names, kind.busybox).list(data).standard_output);
  std::vector<std::string> others;
  for (const Entry& entry : listing) {
    if (entry.kind == Entry::Kind::other) others.push_back(entry.path);
  }
  CHECK(others == std::vector<std::string>{"fifo"});
}

TEST_CASE("a listing with a part that is there twice is refused") {
  const std::string parts = "== count\n0\n== entries\n== links\n== digests\n";
  CHECK(message_of([&] { parse_listing(parts + "== end\n== end\n"); }) ==
        "the listing of the volume is not complete: its line \"== end\" is there twice");
  CHECK(message_of([&] { parse_listing(parts + "== links\n== end\n"); }) ==
        "the listing of the volume is not complete: its line \"== links\" is there twice");
}
