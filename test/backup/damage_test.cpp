#include <functional>
#include <set>

#include "backup/sample_tree.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using namespace pgupgrade::backup;
using namespace pgupgrade::test;

namespace {

Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "E-INTERNAL", "no error");
}

struct Sample {
  Sample() {
    make_sample_tree(directory / "data");
    manifest = write_in_pieces(archive, tar_of_tree(directory / "data"));
    bytes = read_file(archive);
  }
  TemporaryDirectory directory;
  std::filesystem::path archive = directory / "data.tar.zst";
  std::filesystem::path damaged = directory / "damaged";
  Manifest manifest;
  std::string bytes;

  // Both ways of reading must refuse it.
  void check_refused(const std::string& content) {
    write_file_durably(damaged, content);
    CHECK(error_of([&] { verify_archive(damaged, manifest, {}); }).code() == "E-BACKUP-DAMAGED");
    CHECK(error_of([&] { drain(read_archive(damaged, manifest)); }).code() == "E-BACKUP-DAMAGED");
  }
};

}  // namespace

TEST_CASE("a flipped bit anywhere in an archive is found") {
  Sample sample;
  const std::size_t stride = sample.bytes.size() / 150 + 1;
  for (std::size_t at = 0; at < sample.bytes.size(); at += at < 32 ? 1 : stride) {
    INFO("byte " << at << " of " << sample.bytes.size());
    std::string content = sample.bytes;
    content[at] = static_cast<char>(content[at] ^ (1 << (at % 8)));
    sample.check_refused(content);
  }
}

TEST_CASE("an archive cut or lengthened anywhere is found") {
  Sample sample;
  const std::size_t stride = sample.bytes.size() / 60 + 1;
  for (std::size_t length = 0; length < sample.bytes.size(); length += stride) {
    INFO("cut after " << length << " of " << sample.bytes.size());
    sample.check_refused(sample.bytes.substr(0, length));
  }
  sample.check_refused(sample.bytes.substr(0, sample.bytes.size() - 1));
  sample.check_refused(sample.bytes + '\0');
  sample.check_refused(sample.bytes + sample.bytes);
}

TEST_CASE("an archive cut where its length is not known from the manifest ends early") {
  Sample sample;
  sample.manifest.archive_bytes = static_cast<std::int64_t>(sample.bytes.size()) - 1;
  write_file_durably(sample.damaged, sample.bytes.substr(0, sample.bytes.size() - 1));
  const Error error = error_of([&] { verify_archive(sample.damaged, sample.manifest, {}); });
  CHECK(std::string(error.what()) == "the backup " + sample.damaged.native() +
                                         " is damaged: it ends early, after " +
                                         std::to_string(sample.bytes.size() - 1) + " bytes");
}

TEST_CASE("the tar in a sound file is compared with the manifest member by member") {
  Sample sample;
  const std::string name = "the backup " + sample.archive.native() + " is damaged: ";
  const auto message = [&](const std::function<void(Manifest&)>& change) {
    Manifest changed = sample.manifest;
    change(changed);
    const Error verified = error_of([&] { verify_archive(sample.archive, changed, {}); });
    CHECK(verified.code() == "E-BACKUP-DAMAGED");
    return std::string(verified.what());
  };
  CHECK(message([](Manifest& m) { m.archive_sha256[0] = '-'; }).starts_with(name + "its SHA-256 is "));
  CHECK(message([](Manifest& m) { ++m.content_bytes; }) ==
        name + "it holds 308227 bytes of content, its manifest says 308228");
  CHECK(message([](Manifest& m) { m.entries[1].sha256 = sha256_hex(""); }) ==
        name + "the content of PG_VERSION is not as in its manifest");
  CHECK(message([](Manifest& m) { m.entries[1].mtime += 1; }) ==
        name + "the kind, size, mode, owner, time or link of PG_VERSION is not as in its manifest");
  CHECK(message([](Manifest& m) { m.entries.erase(m.entries.begin() + 1); }) ==
        name + "it holds PG_VERSION where its manifest has base");
  CHECK(message([](Manifest& m) { m.entries.pop_back(); }) ==
        name + "it holds 12 members, its manifest lists 11");
}

TEST_CASE("a tar that does not match is not yielded to its end") {
  Sample sample;
  Manifest changed = sample.manifest;
  changed.archive_sha256 = sha256_hex("other");
  std::string yielded;
  const Source source = read_archive(sample.archive, changed);
  const Error error = error_of([&] {
    std::string buffer(4096, '\0');
    while (const std::size_t count = source(buffer.data(), buffer.size())) yielded.append(buffer, 0, count);
  });
  CHECK(error.code() == "E-BACKUP-DAMAGED");
  REQUIRE(yielded.size() > 300'000);
  const std::string whole = drain(read_archive(sample.archive, sample.manifest));
  CHECK(yielded == whole.substr(0, whole.size() - 1024));
}

TEST_CASE("an absent archive is named") {
  const Error error = error_of([] { verify_archive("/nonexistent/a.tar.zst", {}, {}); });
  CHECK(error.code() == "E-FILE");
  CHECK(std::string(error.what()) == "could not read /nonexistent/a.tar.zst: No such file or directory");
}

TEST_CASE("a manifest survives its text") {
  const Sample sample;
  CHECK(parse_manifest(manifest_text(sample.manifest)) == sample.manifest);
  const Manifest empty{.archive_sha256 = sha256_hex("")};
  CHECK(parse_manifest(manifest_text(empty)) == empty);
}

TEST_CASE("a manifest whose archive has no digest is damaged") {
  for (const char* digest : {"", "0a", "%22"}) {
    const Error error = error_of([&] { parse_manifest(manifest_text({.archive_sha256 = digest})); });
    CHECK(error.code() == "E-BACKUP-DAMAGED");
    CHECK(std::string(error.what()) == "the manifest is damaged: the archive's digest is malformed");
  }
}

TEST_CASE("a flipped bit or a cut anywhere in a manifest is found") {
  const Sample sample;
  const std::string text = manifest_text(sample.manifest);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    if (error_of([&] { parse_manifest(changed); }).code() != "E-BACKUP-DAMAGED") FAIL("flip at " << at);
    if (error_of([&] { parse_manifest(text.substr(0, at)); }).code() != "E-BACKUP-DAMAGED")
      FAIL("cut at " << at);
  }
  CHECK(error_of([&] { parse_manifest(text + "\n"); }).code() == "E-BACKUP-DAMAGED");
}

TEST_CASE("a manifest of another format is refused by name") {
  Manifest manifest;
  manifest.format = 2;
  CHECK(std::string(error_of([&] { parse_manifest(manifest_text(manifest)); }).what()) ==
        "the manifest is of format 2, this version knows 1");
}
