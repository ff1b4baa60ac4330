#pragma once

#include <string>

namespace pgupgrade::backup {

[[noreturn]] void throw_cut(const std::string& message);      // Error(failed, "E-BACKUP-CUT")
[[noreturn]] void throw_damaged(const std::string& message);  // Error(failed, "E-BACKUP-DAMAGED")
[[noreturn]] void throw_hostile(const std::string& message);  // Error(failed, "E-BACKUP-HOSTILE")

}  // namespace pgupgrade::backup
