#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgupgrade::docker {

// Percent-encodes all but letters, digits, "-", "_", "." and "~": one segment of a path, or a query's value.
std::string url_encode(std::string_view text);

// As above, but keeps "/", ":" and "@": an image reference, which spans segments of the path.
std::string url_encode_reference(std::string_view reference);

// "path?name=value&…" with encoded values; the path is taken as it is.
std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace pgupgrade::docker
