#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "backup/compressed_file.hpp"
#include "backup/tar_reader.hpp"
#include "campaign/campaign.hpp"
#include "campaign/subject.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/paths.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;
using backup::Entry;

// A tar's members as they name themselves, without a guard: what a careful attacker would list.
std::vector<Entry> members_of(std::string tar) {
  std::vector<Entry> entries;
  std::size_t at = 0;
  try {
    backup::TarReader reader([&](char* buffer, std::size_t limit) {
      const std::size_t count = tar.copy(buffer, limit, at);
      at += count;
      return count;
    });
    std::array<char, 4096> buffer{};
    while (const auto member = reader.next()) {
      Entry entry = member->entry;
      if (entry.path == "data") entry.path = ".";
      if (entry.path.starts_with("data/")) entry.path.erase(0, 5);
      if (entry.link.starts_with("data/")) entry.link.erase(0, 5);
      Sha256 hash;
      while (const std::size_t count = reader.read(buffer.data(), buffer.size()))
        hash.update({buffer.data(), count});
      if (entry.kind == Entry::Kind::file) entry.sha256 = hash.finish();
      entries.push_back(std::move(entry));
    }
  } catch (const Error&) {
    // The list ends with what cannot be read.
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

backup::FileDigest replace_archive(const fs::path& archive, const std::string& tar) {
  fs::remove(archive);
  backup::CompressedFileWriter file(archive);
  file.write(tar);
  return file.finish();
}

void replace_manifest(const fs::path& path, const backup::FileDigest& digest, const std::string& tar) {
  backup::Manifest manifest{.archive_sha256 = digest.sha256, .archive_bytes = digest.bytes};
  manifest.entries = members_of(tar);
  for (const Entry& entry : manifest.entries) manifest.content_bytes += entry.size;
  write_file_durably(path, backup::manifest_text(manifest), 0600);
}

// Killed when the old data is gone, with a file outside that hostile members aim at.
class Emptied {
 public:
  Emptied() : subject_("archives") {
    subject_.project().write("outside", "untouched");
    subject_.expect_killed("wipe:after-done", Subject::upgrade_words());
    const auto files = subject_.project().run_files();
    archive_ = files.archive("db");
    manifest_ = files.manifest("db");
    true_archive_ = read_file(archive_);
    true_manifest_ = read_file(manifest_);
    emptied_ = volume();
  }

  const fs::path& archive() const { return archive_; }
  const fs::path& manifest() const { return manifest_; }

  // A rollback refuses with one of these codes, and nothing has been put anywhere.
  void expect_refused(const std::set<std::string>& codes) const {
    const ProcessResult result = subject_.project().pgupgrade({"rollback"});
    require(result.signal_number == 0 && result.exit_code == 9,
            "a rollback from such an archive fails: " + output_of(result));
    require(std::any_of(codes.begin(), codes.end(),
                        [&](const std::string& code) {
                          return result.standard_error.find(code) != std::string::npos;
                        }),
            "the error says why: " + output_of(result));
    require_same(emptied_, volume(), "nothing has been put into the volume");
    require(subject_.project().read("outside") == "untouched", "files of the host are as they were");
  }

  void put_true_manifest() const { write_file_durably(manifest_, true_manifest_, 0600); }

  // With the true backup all comes back.
  void expect_the_way_back() const {
    write_file_durably(archive_, true_archive_, 0600);
    put_true_manifest();
    subject_.expect_exit(0, {"rollback"});
    subject_.expect_untouched();
    subject_.begin_anew();
  }

 private:
  std::string volume() const { return subject_.project().listing(subject_.data_volume()); }

  Subject subject_;
  fs::path archive_, manifest_;
  std::string true_archive_, true_manifest_, emptied_;
};

// Of the tars that are tried on every parser, those that are not to be put back.
Words hostile_tars() {
  return {"absolute",
          "behind-link",
          "behind-link-plainly-not",
          "cut",
          "cut-in-content",
          "device",
          "huge-size",
          "in-a-file",
          "link-over-directory",
          "hard-link-to-nothing",
          "pax-path",
          "realsize-only",
          "sparse",
          "sparse-huge",
          "twice",
          "up"};
}

std::string corpus_tar(const std::string& name) {
  return read_file(test_data() / "fuzz/corpus/tar" / name);
}

}  // namespace

void archives(Cases& cases) {
  const Emptied emptied;
  for (const std::string& name : hostile_tars()) {
    const std::string tar = corpus_tar(name);
    cases.run(name + ", beside the true manifest", [&] {
      emptied.put_true_manifest();
      replace_archive(emptied.archive(), tar);
      emptied.expect_refused({"E-BACKUP-DAMAGED"});
    });
    cases.run(name + ", with a manifest made to match", [&] {
      replace_manifest(emptied.manifest(), replace_archive(emptied.archive(), tar), tar);
      emptied.expect_refused({"E-BACKUP-HOSTILE", "E-BACKUP-DAMAGED"});
    });
  }
  cases.run("the true backup after all of these", [&] { emptied.expect_the_way_back(); });
}

}  // namespace pgupgrade::test::campaign
