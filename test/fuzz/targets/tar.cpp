#include <algorithm>
#include <array>

#include "backup/tar_scan.hpp"
#include "fuzz/targets.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test::fuzz {

namespace {

using Entries = std::vector<backup::Entry>;

const std::vector<std::string> kCodes = {"E-BACKUP-CUT", "E-BACKUP-DAMAGED", "E-BACKUP-HOSTILE"};
constexpr std::size_t kBlock = 512;

// With the checksum that belongs to each header, without which nearly nothing would be looked at.
std::string with_checksums(std::string_view input) {
  std::string tar(input);
  for (std::size_t at = 0; at + kBlock <= tar.size(); at += kBlock) {
    if (tar.compare(at + 257, 5, "ustar") != 0) continue;
    tar.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = at; i < at + kBlock; ++i) sum += static_cast<unsigned char>(tar[i]);
    for (std::size_t digit = 6; digit-- > 0; sum /= 8)
      tar[at + 148 + digit] = static_cast<char>('0' + sum % 8);
    tar[at + 154] = '\0';
  }
  return tar;
}

bool leads_out(const std::string& path) {
  if (path.empty() || path.front() == '/') return true;
  const std::string between = "/" + path + "/";
  return between.find("/../") != std::string::npos || between.find("//") != std::string::npos ||
         (path != "." && between.find("/./") != std::string::npos);
}

void check_entries(const Entries& entries) {
  for (const backup::Entry& entry : entries) {
    hold(!leads_out(entry.path), "a member lies within the directory, under one name only");
    if (entry.kind == backup::Entry::Kind::hard_link)
      hold(!leads_out(entry.link), "a hard link leads to a file within the directory");
    for (const backup::Entry& other : entries)
      hold(other.kind == backup::Entry::Kind::directory || !entry.path.starts_with(other.path + "/"),
           "what lies in another member lies in a directory");
  }
}

Entries scanned(std::string_view tar, std::size_t longest) {
  backup::TarScan scan;
  in_pieces(tar, longest, [&](std::string_view bytes) { scan.feed(bytes); });
  return scan.finish();
}

std::string drained(const Source& source) {
  std::string bytes;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = source(buffer.data(), buffer.size())) bytes.append(buffer.data(), count);
  return bytes;
}

// What was put into a backup comes out of it, and lies where it lay.
void check_backup(std::string_view tar, const Entries& entries) {
  const TemporaryDirectory directory;
  const auto archive = directory / "a";
  const auto manifest = backup::write_archive(archive, [&](const Sink& sink) { sink(tar); }, {});
  hold(manifest.entries == entries, "a backup has the members of its tar");
  backup::verify_archive(archive, manifest, {});
  const std::string back = drained(backup::read_archive(archive, manifest));
  hold(back.size() <= 2 * tar.size() + entries.size() * 4 * kBlock + 20 * kBlock, "a tar does not swell");
  Entries again;
  hold(refusal([&] { again = scanned(back, 0); }).empty(), "what is put back is a tar");
  hold(again == entries, "what is put back is what was read");
}

void try_one(std::string_view tar) {
  Entries entries;
  const std::string code = refusal(kCodes, [&] { entries = scanned(tar, 0); });
  Entries in_bits;
  hold(refusal(kCodes, [&] { in_bits = scanned(tar, 700); }) == code && in_bits == entries,
       "it does not matter where the tar is cut");
  if (code.empty()) {
    check_entries(entries);
    check_backup(tar, entries);
  }
  refusal(kCodes, [&] {
    std::size_t bytes = 0;
    for (const auto& [path, content] : backup::files_of_tar(tar)) bytes += content.size();
    hold(bytes <= tar.size(), "no more comes out of a tar than is in it");
  });
}

}  // namespace

void try_tar(std::string_view input) {
  const std::string repaired = with_checksums(input);
  try_one(repaired);
  if (repaired != input) try_one(input);
}

}  // namespace pgupgrade::test::fuzz
