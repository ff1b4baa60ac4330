#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgupgrade {

// A name from outside, fit to be shown: control characters and invalid UTF-8 become "?", and it is cut
// (with "…") after `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 200);

// Whether the text is valid UTF-8, and so may stand in JSON.
bool is_utf8(std::string_view text);

// One word of a shell's command line that means exactly the text, for commands that are shown to be typed.
std::string shell_word(std::string_view text);

std::vector<std::string> split_lines(std::string_view text);  // without line ends; no last empty line
std::vector<std::string> split_list(std::string_view text, std::string_view separator);  // non-empty parts
std::string_view trim(std::string_view text);
// ASCII letters only.
std::string lower(std::string text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool starts_with_word(std::string_view text, std::string_view word);

std::string human_bytes(std::uint64_t bytes);                    // "41.2 GiB", "512 B"
std::string human_duration(std::int64_t milliseconds);           // "0.8 s", "6:02", "1:02:03"
std::string human_count(std::uint64_t count);                    // "84,113,902"
std::string plural(std::uint64_t count, std::string_view noun);  // "1 role", "3 roles"; "84,113 rows"

}  // namespace pgupgrade
