#include "pgupgrade/base/name_text.hpp"

#include <fmt/format.h>

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade {
namespace {

constexpr std::string_view kBytes = "%bytes:";
constexpr std::size_t kLongestName = 220;  // of 255, which leaves room for an ending

bool plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '%';
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (plain(c)) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return text;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    name += static_cast<char>(*high << 4U | *low);
    i += 2;
  }
  return name;
}

std::string safe_file_name(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool stays =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    text += stays ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (text.size() <= kLongestName) return text;
  return text.substr(0, kLongestName - 20) + "%%" + sha256_hex(name).substr(0, 16);
}

std::string json_text(std::string_view name) {
  if (is_utf8(name) && !name.starts_with(kBytes)) return std::string(name);
  return std::string(kBytes) + escaped(name);
}

std::optional<std::string> from_json_text(std::string_view text) {
  if (!text.starts_with(kBytes)) return std::string(text);
  return unescaped(text.substr(kBytes.size()));
}

}  // namespace pgupgrade
