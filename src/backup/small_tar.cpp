#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>

#include "backup/tar_reader.hpp"
#include "backup/tar_writer.hpp"
#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::backup {

namespace {

using EntryHandle = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

EntryHandle entry_of(const SmallFile& file, const std::string& path, unsigned type, unsigned mode) {
  EntryHandle entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), mode);
  archive_entry_set_uid(entry.get(), file.uid);
  archive_entry_set_gid(entry.get(), file.gid);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), 0);
  return entry;
}

void write_directories_above(TarWriter& writer, const SmallFile& file, std::set<std::string>& written) {
  for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
       slash = file.path.find('/', slash + 1)) {
    const std::string directory = file.path.substr(0, slash);
    if (written.insert(directory).second) writer.begin(entry_of(file, directory, AE_IFDIR, 0700).get());
  }
}

}  // namespace

std::string tar_of(const std::vector<SmallFile>& files) {
  TarWriter writer;
  std::set<std::string> directories;
  for (const SmallFile& file : files) {
    write_directories_above(writer, file, directories);
    if (!file.link.empty()) {
      const EntryHandle entry = entry_of(file, file.path, AE_IFLNK, 0777);
      archive_entry_set_symlink(entry.get(), file.link.c_str());
      writer.begin(entry.get());
      continue;
    }
    const EntryHandle entry = entry_of(file, file.path, AE_IFREG, file.mode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
    writer.begin(entry.get());
    writer.write(file.content);
  }
  writer.end();
  return writer.take();
}

std::map<std::string, std::string> files_of_tar(std::string_view tar) {
  TarReader reader([&tar](char* buffer, std::size_t limit) {
    const std::size_t count = std::min(limit, tar.size());
    std::memcpy(buffer, tar.data(), count);
    tar.remove_prefix(count);
    return count;
  });
  std::map<std::string, std::string> files;
  std::array<char, 64U << 10U> buffer{};
  while (const auto member = reader.next()) {
    if (member->entry.kind != Entry::Kind::file) continue;
    std::string& content = files[member->entry.path];
    content.clear();  // of two members of one name the later counts, as for tar itself
    while (const std::size_t count = reader.read(buffer.data(), buffer.size()))
      content.append(buffer.data(), count);
  }
  return files;
}

}  // namespace pgupgrade::backup
