#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstring>
#include <memory>

#include "backup/tar_reader.hpp"
#include "backup/tar_writer.hpp"
#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::backup {

std::string tar_of(const std::vector<SmallFile>& files) {
  TarWriter writer;
  for (const SmallFile& file : files) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    archive_entry_set_pathname(entry.get(), file.path.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), file.mode);
    archive_entry_set_uid(entry.get(), file.uid);
    archive_entry_set_gid(entry.get(), file.gid);
    archive_entry_set_mtime(entry.get(), 0, 0);
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
