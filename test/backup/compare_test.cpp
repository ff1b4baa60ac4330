#include <vector>

#include "pgupgrade/backup/archive.hpp"
#include "support/catch.hpp"

using namespace pgupgrade::backup;
using Kind = Entry::Kind;

namespace {

const Entry kTop{.path = ".", .kind = Kind::directory, .mode = 0700, .uid = 999, .gid = 999, .mtime = 10};
const Entry kFile{.path = "base/1",
                  .kind = Kind::file,
                  .mode = 0600,
                  .uid = 999,
                  .gid = 999,
                  .mtime = 20,
                  .size = 5,
                  .sha256 = "aa"};
const Entry kLink{
    .path = "pg_tblspc/1", .kind = Kind::symbolic_link, .mode = 0777, .mtime = 30, .link = "/t"};

template <typename Change>
std::vector<std::string> when(Entry entry, Change change) {
  Entry listed = entry;
  change(listed);
  return compare({listed}, Manifest{.entries = {entry}});
}

using Sentences = std::vector<std::string>;

}  // namespace

TEST_CASE("equal trees have no differences") {
  CHECK(compare({kTop, kFile, kLink}, Manifest{.entries = {kTop, kFile, kLink}}).empty());
  CHECK(compare({}, Manifest{}).empty());
}

TEST_CASE("what only one side has is told") {
  CHECK(compare({kTop, kFile}, Manifest{.entries = {kTop, kLink}}) ==
        Sentences{"base/1 is in the volume but not in the backup",
                  "pg_tblspc/1 is in the backup but not in the volume"});
}

TEST_CASE("the first difference of an entry is told as a sentence") {
  CHECK(when(kFile, [](Entry& e) { e.kind = Kind::directory; }) ==
        Sentences{"base/1 is a directory in the volume and a file in the backup"});
  CHECK(when(kFile, [](Entry& e) { e.size = 8192; }) ==
        Sentences{"base/1 has 8192 bytes in the volume and 5 in the backup"});
  CHECK(when(kFile, [](Entry& e) { e.sha256 = "bb"; }) ==
        Sentences{"base/1 has another content in the volume than in the backup"});
  CHECK(when(kFile, [](Entry& e) { e.mode = 0640; }) ==
        Sentences{"base/1 has mode 0640 in the volume and 0600 in the backup"});
  CHECK(when(kFile, [](Entry& e) { e.uid = 70; }) ==
        Sentences{"base/1 belongs to 70:999 in the volume and to 999:999 in the backup"});
  CHECK(when(kFile, [](Entry& e) { e.mtime = 21; }) ==
        Sentences{"base/1 was modified at 21 in the volume and at 20 in the backup"});
  CHECK(when(kLink, [](Entry& e) { e.link = "/u\n"; }) ==
        Sentences{"pg_tblspc/1 leads to /u? in the volume and to /t in the backup"});
}

TEST_CASE("the mtime of the top directory and the mode of a link do not count") {
  CHECK(when(kTop, [](Entry& e) { e.mtime = 11; }).empty());
  CHECK(when(kLink, [](Entry& e) { e.mode = 0755; }).empty());
  CHECK(when(kTop, [](Entry& e) { e.mode = 0755; }) ==
        Sentences{". has mode 0755 in the volume and 0700 in the backup"});
}

TEST_CASE("a hard link counts as the file that it is") {
  Entry hard = kFile;
  hard.path = "base/2";
  Entry in_archive{.path = "base/2", .kind = Kind::hard_link, .mode = 0600, .link = "base/1"};
  CHECK(compare({kFile, hard}, Manifest{.entries = {kFile, in_archive}}).empty());
  hard.sha256 = "bb";
  CHECK(compare({kFile, hard}, Manifest{.entries = {kFile, in_archive}}) ==
        Sentences{"base/2 has another content in the volume than in the backup"});
}

TEST_CASE("no more differences are told than asked for") {
  CHECK(
      compare({kTop, kFile, kLink}, Manifest{}, 2) ==
      Sentences{". is in the volume but not in the backup", "base/1 is in the volume but not in the backup"});
}
