#pragma once

#include <string>
#include <string_view>

namespace pgupgrade::backup {

// File names are bytes, JSON is UTF-8: what is not plain ASCII becomes %XX.
std::string escaped(std::string_view name);
// Error(failed, "E-BACKUP-DAMAGED") when the text is not of that form.
std::string unescaped(std::string_view text);

}  // namespace pgupgrade::backup
