#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgupgrade::docker {

// RFC 4648, section 5 (URL-safe alphabet), with padding: what X-Registry-Auth wants.
std::string base64url_encode(std::string_view bytes);

// RFC 4648, section 4, with or without padding. Nothing for what is no base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace pgupgrade::docker
