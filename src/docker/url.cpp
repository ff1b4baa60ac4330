#include "docker/url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <new>

namespace pgupgrade::docker {
std::string url_encode(std::string_view text) {
  if (text.empty()) return {};  // a length of 0 would mean "until the zero byte"
  const std::unique_ptr<char, void (*)(void*)> encoded(
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), curl_free);
  if (!encoded) throw std::bad_alloc();
  return encoded.get();
}

std::string url_encode_reference(std::string_view reference) {
  std::string encoded;
  for (;;) {
    const std::size_t kept = reference.find_first_of("/:@");
    encoded += url_encode(reference.substr(0, kept));
    if (kept == std::string_view::npos) return encoded;
    encoded += reference[kept];
    reference.remove_prefix(kept + 1);
  }
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
