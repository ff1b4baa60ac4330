#include "pgupgrade/planning/image_reference.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pgupgrade::planning {

namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;
// Outside of these a leading number is not PostgreSQL's: a date, or the version of something else.
constexpr int kLowestMajor = 8;
constexpr int kHighestMajor = 59;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c);
}

// [a-z0-9]+ parts joined by one dot, one or two underscores, or any number of hyphens.
bool is_path_component(std::string_view text) {
  std::size_t at = 0;
  const auto part = [&] {
    const std::size_t start = at;
    while (at < text.size() && (is_digit(text[at]) || is_lower(text[at]))) ++at;
    return at > start;
  };
  if (!part()) return false;
  while (at < text.size()) {
    const char separator = text[at];
    std::size_t length = 0;
    while (at < text.size() && text[at] == separator) ++at, ++length;
    const bool allowed =
        separator == '-' || (separator == '_' && length <= 2) || (separator == '.' && length == 1);
    if (!allowed || !part()) return false;
  }
  return true;
}

// host, host.name, host:port or [::1]:port.
bool is_registry(std::string_view text) {
  std::string_view host = text;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(end + 1);
    if (host.empty()) return true;
    if (host.front() != ':') return false;
    host = host.substr(1);
    return !host.empty() && std::all_of(host.begin(), host.end(), is_digit);
  }
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const auto port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), is_digit)) return false;
    host = text.substr(0, colon);
  }
  if (host.empty() || !is_alnum(host.front()) || !is_alnum(host.back())) return false;
  return std::all_of(host.begin(), host.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

// Docker's rule for whether the part before the first slash is a registry.
bool means_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

bool is_repository(std::string_view text) {
  if (text.empty() || text.size() > kLongestName) return false;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && means_registry(text.substr(0, slash))) {
    if (!is_registry(text.substr(0, slash))) return false;
    text = text.substr(slash + 1);
  }
  while (true) {
    const auto end = text.find('/');
    if (!is_path_component(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text = text.substr(end + 1);
  }
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kLongestTag || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_lower(text.front())) return false;
  const auto algorithm = text.substr(0, colon);
  const auto hex = text.substr(colon + 1);
  const auto is_algorithm = [](char c) {
    return is_digit(c) || is_lower(c) || c == '+' || c == '.' || c == '-';
  };
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(algorithm.begin(), algorithm.end(), is_algorithm)) return false;
  if (algorithm == "sha256" && hex.size() != 64) return false;
  return hex.size() >= 32 && std::all_of(hex.begin(), hex.end(), is_hex);
}

// Where a tag names PostgreSQL's version: "15.4" of "0.7.4-pg15.4-trixie".
struct VersionInTag {
  int major = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
};

// Digits, more numbers after dots, and perhaps beta2 or rc1; up to the end of the component.
std::optional<VersionInTag> version_at(std::string_view tag, std::size_t start, std::size_t end) {
  std::size_t at = start;
  const auto number = [&] {
    const std::size_t from = at;
    while (at < end && is_digit(tag[at])) ++at;
    return at - from;
  };
  const std::size_t digits = number();
  if (digits == 0 || digits > 2 || tag[start] == '0') return std::nullopt;
  int major = 0;
  for (std::size_t i = start; i < at; ++i) major = major * 10 + (tag[i] - '0');
  while (at + 1 < end && tag[at] == '.' && is_digit(tag[at + 1])) {
    ++at;
    number();
  }
  for (const std::string_view stage : {"alpha", "beta", "rc"}) {
    if (tag.substr(at, end - at).substr(0, stage.size()) != stage) continue;
    at += stage.size();
    number();
    break;
  }
  if (at != end || major < kLowestMajor || major > kHighestMajor) return std::nullopt;
  return VersionInTag{major, start, at - start};
}

std::optional<VersionInTag> find_version(std::string_view tag) {
  // A part that says pg or postgres outranks a bare number: "2.15.0-pg15", "12.1-pg16".
  std::size_t start = 0;
  while (start <= tag.size()) {
    const std::size_t end = std::min(tag.find_first_of("-_", start), tag.size());
    for (const std::string_view prefix : {"postgresql", "postgres", "pg"}) {
      if (tag.substr(start, end - start).substr(0, prefix.size()) != prefix) continue;
      if (auto found = version_at(tag, start + prefix.size(), end)) return found;
    }
    start = end + 1;
  }
  const std::size_t end = std::min(tag.find_first_of("-_", 0), tag.size());
  return version_at(tag, !tag.empty() && tag.front() == 'v' ? 1 : 0, end);
}

}  // namespace

std::string ImageReference::text() const {
  std::string result = repository;
  if (!tag.empty()) result += ":" + tag;
  if (!digest.empty()) result += "@" + digest;
  return result;
}

std::optional<ImageReference> parse_image_reference(std::string_view text) {
  ImageReference result;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    const auto digest = text.substr(at + 1);
    if (!is_digest(digest)) return std::nullopt;
    result.digest = std::string(digest);
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    const auto tag = text.substr(colon + 1);
    if (!is_tag(tag)) return std::nullopt;
    result.tag = std::string(tag);
    text = text.substr(0, colon);
  }
  if (!is_repository(text)) return std::nullopt;
  result.repository = std::string(text);
  return result;
}

std::optional<int> major_in_tag(std::string_view tag) {
  const auto version = find_version(tag);
  if (!version) return std::nullopt;
  return version->major;
}

std::optional<std::string> retarget_tag(std::string_view tag, int old_major, int new_major) {
  const auto version = find_version(tag);
  if (!version || version->major != old_major) return std::nullopt;
  std::string result(tag);
  return result.replace(version->offset, version->length, std::to_string(new_major));
}

std::optional<ImageReference> retarget(const ImageReference& image, int old_major, int new_major) {
  auto tag = retarget_tag(image.tag, old_major, new_major);
  if (!tag || !is_tag(*tag)) return std::nullopt;  // "8" becomes longer
  return ImageReference{image.repository, std::move(*tag), {}};
}

}  // namespace pgupgrade::planning
