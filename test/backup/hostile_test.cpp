#include <archive.h>
#include <archive_entry.h>

#include <functional>
#include <memory>

#include "backup/compressed_file.hpp"
#include "backup/sample_tree.hpp"
#include "backup/tar_writer.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/catch.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::backup;
using namespace pgupgrade::test;

namespace {

struct Part {
  std::string path;
  unsigned type = AE_IFREG;
  std::string link;
  bool hard = false;
};

std::string tar_with(const std::vector<Part>& parts) {
  TarWriter writer;
  for (const Part& part : parts) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    archive_entry_set_pathname(entry.get(), part.path.c_str());
    archive_entry_set_filetype(entry.get(), part.type);
    archive_entry_set_perm(entry.get(), 0600);
    if (part.hard) {
      archive_entry_set_hardlink(entry.get(), part.link.c_str());
    } else if (!part.link.empty()) {
      archive_entry_set_symlink(entry.get(), part.link.c_str());
    }
    writer.begin(entry.get());
  }
  writer.end();
  return writer.take();
}

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "E-INTERNAL", "no error");
}

// The manifest that whoever made the archive would have written beside it.
Manifest manifest_for(const std::vector<Part>& parts, const FileDigest& digest) {
  Manifest manifest;
  manifest.archive_sha256 = digest.sha256;
  manifest.archive_bytes = digest.bytes;
  for (const Part& part : parts) {
    Entry entry{.path = part.path.starts_with("data/") ? part.path.substr(5) : part.path, .mode = 0600};
    if (entry.path.empty()) entry.path = ".";
    if (part.type == AE_IFDIR) entry.kind = Entry::Kind::directory;
    if (part.type == AE_IFLNK) entry.kind = Entry::Kind::symbolic_link;
    if (part.hard) entry.kind = Entry::Kind::hard_link;
    entry.link = part.link;
    if (entry.kind == Entry::Kind::file) entry.sha256 = sha256_hex("");
    manifest.entries.push_back(entry);
  }
  return manifest;
}

// What both say: the writing of such a tar, and the reading of an archive that somebody else made of it.
Error error_of_archive(const std::vector<Part>& parts) {
  const TemporaryDirectory directory;
  const std::string tar = tar_with(parts);
  const Error written = error_of([&] { write_in_pieces(directory / "a", tar); });
  CompressedFileWriter file(directory / "b");
  file.write(tar);
  const Manifest manifest = manifest_for(parts, file.finish());
  const Error read = error_of([&] { drain(read_archive(directory / "b", manifest)); });
  CHECK(written.code() == read.code());
  CHECK(std::string(written.what()) == read.what());
  return read;
}

}  // namespace

TEST_CASE("members that lead out of the directory or are devices are refused") {
  const Part top{.path = "data/", .type = AE_IFDIR};
  struct Case {
    std::vector<Part> parts;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{top, {.path = "data/../etc/passwd"}},
       "the archive's member data/../etc/passwd leads out of the directory: data/../etc/passwd"},
      {{top, {.path = ".."}}, "the archive's member .. leads out of the directory: .."},
      {{top, {.path = "/etc/passwd"}},
       "the archive's member /etc/passwd leads out of the directory: /etc/passwd"},
      {{top, {.path = "other/file"}}, "the archive's member other/file is not within data: other/file"},
      {{top, {.path = "database"}}, "the archive's member database is not within data: database"},
      {{top, {.path = "data/null", .type = AE_IFCHR}}, "the archive's member null is a device"},
      {{top, {.path = "data/disk", .type = AE_IFBLK}}, "the archive's member disk is a device"},
      {{top, {.path = "data/x", .link = "/etc/shadow", .hard = true}},
       "the archive's member data/x leads out of the directory: /etc/shadow"},
      {{top, {.path = "data/x", .link = "data/../../y", .hard = true}},
       "the archive's member data/x leads out of the directory: data/../../y"},
      {{top, {.path = "data/l", .type = AE_IFLNK, .link = "/etc"}, {.path = "data/l/passwd"}},
       "the archive's member l/passwd lies behind the symbolic link l"},
      {{top,
        {.path = "data/l", .type = AE_IFLNK, .link = "/etc/shadow"},
        {.path = "data/h", .link = "data/l", .hard = true}},
       "the archive's member h is a hard link to the symbolic link l"},
      {{top, {.path = "data/l", .type = AE_IFLNK, .link = "/etc"}, {.path = "data//l/passwd"}},
       "the archive's member data//l/passwd names its path in another way than the plain one: "
       "data//l/passwd"},
      {{top, {.path = "data/l", .type = AE_IFLNK, .link = "/etc"}, {.path = "data/./l/passwd"}},
       "the archive's member data/./l/passwd names its path in another way than the plain one: "
       "data/./l/passwd"},
      {{top,
        {.path = "data/l", .type = AE_IFLNK, .link = "/etc/shadow"},
        {.path = "data/h", .link = "data/./l", .hard = true}},
       "the archive's member data/h names its path in another way than the plain one: data/./l"},
  };
  for (const Case& one : cases) {
    const Error error = error_of_archive(one.parts);
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.code() == "E-BACKUP-HOSTILE");
    CHECK(std::string(error.what()) == one.message);
  }
}

TEST_CASE("a name that comes twice and a top that is no directory are damage") {
  const Error twice =
      error_of_archive({{.path = "data/", .type = AE_IFDIR}, {.path = "data/x"}, {.path = "data/x"}});
  CHECK(twice.code() == "E-BACKUP-DAMAGED");
  CHECK(std::string(twice.what()) == "the archive holds x twice");
  const Error below =
      error_of_archive({{.path = "data/", .type = AE_IFDIR}, {.path = "data/x"}, {.path = "data/x/y"}});
  CHECK(below.code() == "E-BACKUP-DAMAGED");
  CHECK(std::string(below.what()) == "the archive's member x/y lies in x, which is not a directory");
  const Error above = error_of_archive({{.path = "data/", .type = AE_IFDIR},
                                        {.path = "data/d/x"},
                                        {.path = "data/d", .type = AE_IFLNK, .link = "/etc"}});
  CHECK(above.code() == "E-BACKUP-DAMAGED");
  CHECK(std::string(above.what()) == "the archive's member d is not a directory, but others are in it");
  const Error nothing = error_of_archive(
      {{.path = "data/", .type = AE_IFDIR}, {.path = "data/h", .link = "data/none", .hard = true}});
  CHECK(nothing.code() == "E-BACKUP-DAMAGED");
  CHECK(std::string(nothing.what()) ==
        "the archive's member h is a hard link to none, which is not a file before it");
  const Error file = error_of_archive({{.path = "data"}});
  CHECK(std::string(file.what()) == "the archive's first member data is not a directory");
}

// In bytes that no writer of tars makes.
TEST_CASE("an engine's answer that is made to escape or to swell is refused") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"absolute", "E-BACKUP-HOSTILE: the archive's member /etc/x leads out of the directory: /etc/x"},
      {"behind-link", "E-BACKUP-HOSTILE: the archive's member l/x lies behind the symbolic link l"},
      {"cut", "E-BACKUP-CUT: the archive ends early, after 1536 bytes: its end mark is missing"},
      {"device", "E-BACKUP-HOSTILE: the archive's member d is a device"},
      {"pax-path", "E-BACKUP-HOSTILE: the archive's member ../../x leads out of the directory: ../../x"},
      {"realsize-only",
       "E-BACKUP-HOSTILE: the archive's member data/s is larger than what the archive holds of it"},
      {"sparse", "E-BACKUP-HOSTILE: the archive's member data/s is larger than what the archive holds of it"},
      {"sparse-huge",
       "E-BACKUP-HOSTILE: the archive's member data/s is larger than what the archive holds of it"},
      {"up",
       "E-BACKUP-HOSTILE: the archive's member data/a/../../x leads out of the directory: data/a/../../x"},
  };
  for (const auto& [name, message] : cases) {
    CAPTURE(name);
    const TemporaryDirectory directory;
    const std::string tar = read_file(test::test_data() / "fuzz/corpus/tar" / name);
    const Error error = error_of([&] { write_in_pieces(directory / "a", tar); });
    CHECK(error.code() + ": " + error.what() == message);
    CHECK(std::filesystem::is_empty(directory.path()));
  }
}

TEST_CASE("a file that says to be larger than its tar holds does not fill the memory") {
  for (const std::string name : {"sparse-huge", "realsize-only"}) {
    const std::string tar = read_file(test::test_data() / "fuzz/corpus/tar" / name);
    CHECK(error_of([&] { files_of_tar(tar); }).code() == "E-BACKUP-HOSTILE");
  }
}

TEST_CASE("small files go into a tar and come out again") {
  const std::string tar = tar_of(
      {{.path = "pg_hba.conf", .content = "local all all trust\n", .mode = 0640, .uid = 999, .gid = 70},
       {.path = "conf.d/\xc3\xa9", .content = ""},
       {.path = std::string(150, 'n'), .content = std::string(70'000, 'c')}});
  CHECK(files_of_tar(tar) ==
        std::map<std::string, std::string>{{"pg_hba.conf", "local all all trust\n"},
                                           {"conf.d/\xc3\xa9", ""},
                                           {std::string(150, 'n'), std::string(70'000, 'c')}});
  CHECK(files_of_tar(tar_of({})).empty());
  CHECK_THROWS_AS(files_of_tar(tar.substr(0, 1000)), Error);
  CHECK_THROWS_AS(files_of_tar(""), Error);
}
