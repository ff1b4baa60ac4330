#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/environment.hpp"

namespace pgupgrade::cli {

enum class Color { bold, dim, red, green, yellow };

// How text may look where it goes.
struct Style {
  std::size_t width = 100;  // columns
  bool color = false;
};

// Colours for a terminal whose environment wants them: NO_COLOR (not empty), TERM=dumb and --no-color do not.
enum class ColorWish { automatic, never };
Style style_for(int descriptor, const Environment& environment, ColorWish wish);

// Whether a live block may be drawn there: a terminal that is not dumb.
bool can_redraw(int descriptor, const Environment& environment);

std::string paint(const Style& style, Color color, std::string_view text);

// Columns that a text of printable characters takes (East Asian wide ones two, combining ones none).
std::size_t display_width(std::string_view text);
std::string pad_right(std::string_view text, std::size_t width);
// Cut to `width` columns, with "…" as the last one when something was cut.
std::string cut(std::string_view text, std::size_t width);
// Broken at spaces into lines of at most `width` columns; a longer word gets a line of its own.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// A path as short as it can be said from `directory`: "docker-compose.yml", ".pgupgrade/7f3a/run.log".
std::string short_path(const std::string& path, const std::string& directory);

// "about 40 s", "about 38 min", "about 2 h 10 min".
std::string about(long long milliseconds);

// Unix milliseconds as "2026-11-25 03:05", by local clocks.
std::string local_time(long long unix_ms);

// Unix milliseconds as "2026-11-25 03:05:24 UTC".
std::string utc_time(long long unix_ms);

}  // namespace pgupgrade::cli
