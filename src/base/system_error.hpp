#pragma once

#include <filesystem>
#include <string_view>

namespace pgupgrade {

// Throws Error(failed, "E-FILE"): "cannot <action> <path>: <the system's reason for errno_value>".
[[noreturn]] void throw_file_error(std::string_view action, const std::filesystem::path& path,
                                   int errno_value);

}  // namespace pgupgrade
