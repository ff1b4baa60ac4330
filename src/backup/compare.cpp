#include <fmt/format.h>

#include <map>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::backup {

namespace {

std::string_view kind_phrase(Entry::Kind kind) {
  switch (kind) {
    case Entry::Kind::file:
      return "a file";
    case Entry::Kind::directory:
      return "a directory";
    case Entry::Kind::symbolic_link:
      return "a symbolic link";
    case Entry::Kind::hard_link:
      return "a hard link";
    case Entry::Kind::other:
      break;
  }
  return "something else";
}

// The first thing in which the two are not equal, as a sentence; empty when they are.
std::string difference(const Entry& volume, const Entry& backup) {
  const std::string path = printable(volume.path);
  if (volume.kind != backup.kind) {
    return fmt::format("{} is {} in the volume and {} in the backup", path, kind_phrase(volume.kind),
                       kind_phrase(backup.kind));
  }
  if (volume.size != backup.size) {
    return fmt::format("{} has {} bytes in the volume and {} in the backup", path, volume.size, backup.size);
  }
  if (volume.sha256 != backup.sha256) {
    return fmt::format("{} has another content in the volume than in the backup", path);
  }
  if (volume.link != backup.link) {
    return fmt::format("{} leads to {} in the volume and to {} in the backup", path, printable(volume.link),
                       printable(backup.link));
  }
  // Linux gives symbolic links no mode of their own.
  if (volume.mode != backup.mode && volume.kind != Entry::Kind::symbolic_link) {
    return fmt::format("{} has mode {:04o} in the volume and {:04o} in the backup", path, volume.mode,
                       backup.mode);
  }
  if (volume.uid != backup.uid || volume.gid != backup.gid) {
    return fmt::format("{} belongs to {}:{} in the volume and to {}:{} in the backup", path, volume.uid,
                       volume.gid, backup.uid, backup.gid);
  }
  if (volume.mtime != backup.mtime && volume.path != ".") {
    return fmt::format("{} was modified at {} in the volume and at {} in the backup", path, volume.mtime,
                       backup.mtime);
  }
  return {};
}

// By path; a hard link as the file that it is: a listing sees no difference between the names of a file.
std::map<std::string, Entry> resolved(const Manifest& manifest) {
  std::map<std::string, Entry> entries;
  for (const Entry& entry : manifest.entries) entries.emplace(entry.path, entry);
  for (auto& [path, entry] : entries) {
    if (entry.kind != Entry::Kind::hard_link) continue;
    const auto goal = entries.find(entry.link);
    if (goal == entries.end() || goal->second.kind != Entry::Kind::file) continue;
    entry = goal->second;
    entry.path = path;
  }
  return entries;
}

}  // namespace

std::vector<std::string> compare(const std::vector<Entry>& listing, const Manifest& manifest,
                                 std::size_t limit) {
  std::vector<std::string> sentences;
  const auto tell = [&](std::string sentence) {
    if (!sentence.empty() && sentences.size() < limit) sentences.push_back(std::move(sentence));
  };
  std::map<std::string, Entry> backup = resolved(manifest);
  for (const Entry& entry : listing) {
    const auto found = backup.find(entry.path);
    if (found == backup.end()) {
      tell(fmt::format("{} is in the volume but not in the backup", printable(entry.path)));
      continue;
    }
    tell(difference(entry, found->second));
    backup.erase(found);
  }
  for (const auto& [path, entry] : backup) {
    tell(fmt::format("{} is in the backup but not in the volume", printable(path)));
  }
  return sentences;
}

}  // namespace pgupgrade::backup
