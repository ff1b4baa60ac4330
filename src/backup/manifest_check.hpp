#pragma once

#include <cstdint>
#include <string>

#include "backup/compressed_file.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"

namespace pgupgrade::backup {

// Compares what was read with what the manifest says; "E-BACKUP-DAMAGED" that names the first difference.
// `archive` is the file's name, for messages.
void check_entry(const std::string& archive, const Entry& recorded, const Entry& found);
void check_size(const std::string& archive, const Manifest& manifest, std::int64_t bytes);
void check_digest(const std::string& archive, const Manifest& manifest, const std::string& sha256);

// Rethrows an error that the archive's tar gave, as what it is of this file: a member that only looks hostile
// since the file was damaged is damage (the rest of the file is read to tell), and so is an early end.
[[noreturn]] void explain(const Error& error, const std::string& archive, const Manifest& manifest,
                          CompressedFileReader& file);

}  // namespace pgupgrade::backup
