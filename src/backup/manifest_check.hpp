#pragma once

#include <string>

#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::backup {

// Compares what was read with what the manifest says; "E-BACKUP-DAMAGED" that names the first difference.
// `archive` is the file's name, for messages.
void check_entry(const std::string& archive, const Entry& recorded, const Entry& found);
void check_size(const std::string& archive, const Manifest& manifest, std::int64_t bytes);
void check_digest(const std::string& archive, const Manifest& manifest, const std::string& sha256);

}  // namespace pgupgrade::backup
