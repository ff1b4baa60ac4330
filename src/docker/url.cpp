#include "docker/url.hpp"

#include <fmt/format.h>

namespace pgupgrade::docker {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

std::string encode(std::string_view text, std::string_view also_kept) {
  std::string encoded;
  for (const char letter : text) {
    if (kUnreserved.find(letter) != std::string_view::npos ||
        also_kept.find(letter) != std::string_view::npos) {
      encoded += letter;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return encoded;
}

}  // namespace

std::string url_encode(std::string_view text) {
  return encode(text, "");
}

std::string url_encode_reference(std::string_view reference) {
  return encode(reference, "/:@");
}

std::string with_query(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    path += fmt::format("{}{}={}", separator, name, url_encode(value));
    separator = '&';
  }
  return path;
}

}  // namespace pgupgrade::docker
