#pragma once

#include <optional>
#include <string>
#include <string_view>

// Names of files, databases and their objects are bytes, JSON is UTF-8.
namespace pgupgrade {

// What is not plain ASCII becomes %XX.
std::string escaped(std::string_view name);
// Nothing when the text is not of that form.
std::optional<std::string> unescaped(std::string_view text);

// A name that is one component of a path and no other name's: letters, digits, "_" and "-" stay, other bytes
// become %XX, and the end of a very long one its digest.
std::string safe_file_name(std::string_view name);

// Valid UTF-8 for any bytes: a text that is valid already stays as it is (but for one that looks like the
// other kind), so that people can read it; others become "%bytes:" and their escaped form.
std::string json_text(std::string_view name);
// Nothing when what follows "%bytes:" is not of that form.
std::optional<std::string> from_json_text(std::string_view text);

}  // namespace pgupgrade
