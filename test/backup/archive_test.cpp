#include "pgupgrade/backup/archive.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "backup/sample_tree.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/process.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::backup;
using namespace pgupgrade::test;

namespace {

std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.insert(entry.path().filename());
  return names;
}

const Entry& entry_of(const Manifest& manifest, const std::string& path) {
  const auto found = std::find_if(manifest.entries.begin(), manifest.entries.end(),
                                  [&](const Entry& entry) { return entry.path == path; });
  if (found == manifest.entries.end()) throw std::runtime_error("no entry " + path);
  return *found;
}

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "E-INTERNAL", "no error");
}

// Restores the tar that read_archive yields below `directory`.
void put_back(const std::filesystem::path& archive, const Manifest& manifest,
              const std::filesystem::path& directory) {
  const auto tar = directory.parent_path() / "restored.tar";
  write_file_durably(tar, drain(read_archive(archive, manifest)));
  std::filesystem::create_directories(directory);
  const ProcessResult result =
      run_process({"tar", "-xpf", tar.native(), "--numeric-owner", "-C", directory.native()});
  REQUIRE(result.standard_error == "");
  REQUIRE(result.succeeded());
}

}  // namespace

TEST_CASE("an archive holds what the tree holds and can be put back elsewhere") {
  const std::string format = GENERATE(as<std::string>(), "pax", "gnu");
  const TemporaryDirectory directory;
  make_sample_tree(directory / "data");
  const auto archive = directory / "data.tar.zst";
  const Manifest manifest = write_in_pieces(archive, tar_of_tree(directory / "data", format));

  CHECK(manifest.archive_sha256 == sha256_hex_of_file(archive));
  CHECK(manifest.archive_bytes == static_cast<std::int64_t>(std::filesystem::file_size(archive)));
  CHECK(manifest.content_bytes == 3 + 8192 + 300'003 + 9 + 20);
  CHECK(names_in(directory.path()) == std::set<std::string>{"data", "data.tar.zst"});
  struct stat facts {};
  REQUIRE(::stat(archive.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777U) == 0600);

  std::vector<std::string> paths;
  for (const Entry& entry : manifest.entries) paths.push_back(entry.path);
  CHECK(paths == std::vector<std::string>{".", "PG_VERSION", "base", "base/1", "base/1/1259", "base/1/2619",
                                          "base/1/none", "empty", "hard", "link",
                                          "long-" + std::string(180, 'n'), "schl\xc3\xbcssel \xff.pem"});
  CHECK(entry_of(manifest, "base/1/1259").sha256 == sha256_hex(std::string(8192, '\0')));
  CHECK(entry_of(manifest, "base/1/1259").mode == 0640);
  CHECK(entry_of(manifest, "base/1/none").sha256 == sha256_hex(""));
  CHECK(entry_of(manifest, "empty").mode == 01711);
  CHECK(entry_of(manifest, "link").kind == Entry::Kind::symbolic_link);
  CHECK(entry_of(manifest, "link").link == "/mnt/tablespace");

  verify_archive(archive, manifest, {});
  put_back(archive, manifest, directory / "elsewhere");
  const Manifest again =
      write_in_pieces(directory / "again.tar.zst", tar_of_tree(directory / "elsewhere", format));
  CHECK(again.entries == manifest.entries);
}

TEST_CASE("progress tells growing numbers of content bytes up to all") {
  const TemporaryDirectory directory;
  make_sample_tree(directory / "data");
  const std::string tar = tar_of_tree(directory / "data");
  std::vector<std::int64_t> told;
  const auto tell = [&](std::int64_t bytes) { told.push_back(bytes); };
  const Manifest manifest = write_archive(
      directory / "a", [&](const Sink& sink) { sink(tar); }, tell);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == manifest.content_bytes);
  told.clear();
  verify_archive(directory / "a", manifest, tell);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == manifest.content_bytes);
}

TEST_CASE("a tar cut at any block or in between is never taken for a whole one") {
  const TemporaryDirectory directory;
  make_sample_tree(directory / "data");
  const std::string tar = tar_of_tree(directory / "data");
  // GNU tar fills up to 10 KiB: the end mark is the first 1024 bytes of zeros after the last member.
  const std::size_t last_byte = tar.find_last_not_of('\0');
  const std::size_t members_end = (last_byte / 512 + 1) * 512;
  std::set<std::size_t> lengths{0, 1, 511, 513, members_end - 1, members_end + 511, members_end + 1023};
  for (std::size_t length = 0; length <= members_end + 512; length += 512) {
    // All blocks of small members, few of those within the large file.
    if (length < 30'000 || length > 290'000 || length % (512 * 37) == 0) lengths.insert(length);
  }
  for (const std::size_t length : lengths) {
    INFO("cut after " << length << " of " << tar.size());
    const Error error = error_of([&] { write_in_pieces(directory / "cut", tar.substr(0, length)); });
    CHECK(error.code() == "E-BACKUP-CUT");
    CHECK(names_in(directory.path()) == std::set<std::string>{"data"});
  }
  write_in_pieces(directory / "whole", tar.substr(0, members_end + 1024));
  CHECK(names_in(directory.path()) == std::set<std::string>{"data", "whole"});
}

TEST_CASE("what the producer throws reaches the caller and leaves no file") {
  const TemporaryDirectory directory;
  const Error error = error_of([&] {
    write_archive(directory / "a",
                  [](const Sink& sink) {
                    sink(std::string(512, 'x'));
                    throw Error(ErrorKind::failed, "E-ENGINE-STREAM", "the body was cut short");
                  },
                  {});
  });
  CHECK(std::string(error.what()) == "the body was cut short");
  CHECK(names_in(directory.path()).empty());
}

TEST_CASE("bytes that are no tar are an error of the writing") {
  const TemporaryDirectory directory;
  const Error error = error_of([&] { write_in_pieces(directory / "a", std::string(2'000'000, 'x')); });
  CHECK(error.code() == "E-BACKUP-DAMAGED");
  CHECK(names_in(directory.path()).empty());
}

TEST_CASE("an archive that cannot be written names its path and the free space") {
  const TemporaryDirectory directory;
  const auto archive = directory / "a.tar.zst";
  std::string noise;  // does not compress
  while (noise.size() < 600'000) noise += sha256_hex(std::to_string(noise.size()));
  const std::string tar = tar_of({{.path = "data/x", .content = noise}});
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 64U << 10U;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const Error error = error_of([&] { write_in_pieces(archive, tar); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, handler);
  CHECK(error.kind() == ErrorKind::failed);
  CHECK(error.code() == "E-BACKUP-WRITE");
  CHECK_THAT(error.what(),
             ContainsSubstring("could not write the backup " + archive.native() + ": File too large (") &&
                 ContainsSubstring(" free there)"));
  CHECK(names_in(directory.path()).empty());

  const Error absent = error_of([&] { write_in_pieces(directory / "none/a", tar); });
  CHECK(absent.code() == "E-BACKUP-WRITE");
  CHECK_THAT(absent.what(), ContainsSubstring("none/a: No such file or directory"));
}

TEST_CASE("a file from before 1970 is put back with its time") {
  const TemporaryDirectory directory;
  const std::string tar = read_file(test::test_data() / "fuzz/corpus/tar/pax");
  const Manifest manifest = write_in_pieces(directory / "a", tar);
  CHECK(manifest.entries.back().mtime < 0);
  const Manifest again = write_in_pieces(directory / "b", drain(read_archive(directory / "a", manifest)));
  CHECK(again.entries == manifest.entries);
}

TEST_CASE("a former archive stays until the new one is whole") {
  const TemporaryDirectory directory;
  write_file_durably(directory / "a", "former");
  write_file_durably(directory / "a.partial", "of a killed attempt");
  CHECK(error_of([&] { write_in_pieces(directory / "a", ""); }).code() == "E-BACKUP-CUT");
  CHECK(read_file(directory / "a") == "former");
  CHECK(names_in(directory.path()) == std::set<std::string>{"a"});
}
