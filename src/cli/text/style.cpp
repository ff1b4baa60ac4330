#include "pgupgrade/cli/text/style.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {

namespace {

constexpr std::size_t kDefaultWidth = 100;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// East Asian wide and emoji blocks, coarsely: a line that is cut a column early harms nobody.
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 5> kNone = {
    {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, std::uint32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

struct Glyph {
  std::size_t bytes;
  std::size_t columns;
};

// The first character of a text that is not empty. Texts went through printable(): they are valid UTF-8.
Glyph first_glyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  bytes = std::min(bytes, text.size());
  std::uint32_t point = bytes == 1 ? lead : lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {bytes, within(kNone, point) ? 0U : within(kWide, point) ? 2U : 1U};
}

bool dumb(const Environment& environment) {
  const std::string term = variable(environment, "TERM");
  return term.empty() || term == "dumb";
}

}  // namespace

bool can_redraw(int descriptor, const Environment& environment) {
  return isatty(descriptor) != 0 && !dumb(environment);
}

Style style_for(int descriptor, const Environment& environment, ColorWish wish) {
  Style style;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  style.width = std::max<std::size_t>(style.width, 20);
  style.color = wish == ColorWish::automatic && can_redraw(descriptor, environment) &&
                variable(environment, "NO_COLOR").empty();
  return style;
}

std::string paint(const Style& style, Color color, std::string_view text) {
  if (!style.color) return std::string(text);
  constexpr std::array<std::string_view, 5> kCodes = {"1", "2", "31", "32", "33"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(color)], text);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    width += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t own = display_width(text);
  return std::string(text) + std::string(own < width ? width - own : 0, ' ');
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    if (used + glyph.columns > width - 1) break;
    result += text.substr(0, glyph.bytes);
    used += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return result + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(line);
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty() || lines.empty()) lines.push_back(line);
  return lines;
}

std::string short_path(const std::string& path, const std::string& directory) {
  const std::filesystem::path relative = std::filesystem::path(path).lexically_relative(directory);
  if (relative.empty() || relative.native().starts_with("../..") || relative.native().size() >= path.size())
    return printable(path, 500);
  return printable(relative.native(), 500);
}

std::string about(long long milliseconds) {
  const long long seconds = std::max<long long>(milliseconds, 0) / 1000;
  if (seconds < 90) return fmt::format("about {} s", std::max<long long>(10, (seconds + 9) / 10 * 10));
  const long long minutes = (seconds + 59) / 60;
  if (minutes < 90) return fmt::format("about {} min", minutes);
  const long long tens = (minutes + 9) / 10 * 10;
  if (tens % 60 == 0) return fmt::format("about {} h", tens / 60);
  return fmt::format("about {} h {} min", tens / 60, tens % 60);
}

std::string local_time(long long unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min);
}

std::string utc_time(long long unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace pgupgrade::cli
