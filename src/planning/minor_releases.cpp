#include "planning/minor_releases.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::planning {
namespace {

// The days on which releases came out, and which.
struct Day {
  std::string_view date;
  std::string_view versions;
};
constexpr std::array<Day, 47> kDays = {{
    {"2017-10-05", "10.0"},
    {"2017-11-09", "10.1"},
    {"2018-02-08", "10.2"},
    {"2018-03-01", "10.3"},
    {"2018-05-10", "10.4"},
    {"2018-08-09", "10.5"},
    {"2018-10-18", "11.0"},
    {"2018-11-08", "10.6 11.1"},
    {"2019-02-14", "10.7 11.2"},
    {"2019-05-09", "10.8 11.3"},
    {"2019-06-20", "10.9 11.4"},
    {"2019-08-08", "10.10 11.5"},
    {"2019-10-03", "12.0"},
    {"2019-11-14", "10.11 11.6 12.1"},
    {"2020-02-13", "10.12 11.7 12.2"},
    {"2020-05-14", "10.13 11.8 12.3"},
    {"2020-08-13", "10.14 11.9 12.4"},
    {"2020-09-24", "13.0"},
    {"2020-11-12", "10.15 11.10 12.5 13.1"},
    {"2021-02-11", "10.16 11.11 12.6 13.2"},
    {"2021-05-13", "10.17 11.12 12.7 13.3"},
    {"2021-08-12", "10.18 11.13 12.8 13.4"},
    {"2021-09-30", "14.0"},
    {"2021-11-11", "10.19 11.14 12.9 13.5 14.1"},
    {"2022-02-10", "10.20 11.15 12.10 13.6 14.2"},
    {"2022-05-12", "10.21 11.16 12.11 13.7 14.3"},
    {"2022-06-16", "14.4"},
    {"2022-08-11", "10.22 11.17 12.12 13.8 14.5"},
    {"2022-10-13", "15.0"},
    {"2022-11-10", "10.23 11.18 12.13 13.9 14.6 15.1"},
    {"2023-02-09", "11.19 12.14 13.10 14.7 15.2"},
    {"2023-05-11", "11.20 12.15 13.11 14.8 15.3"},
    {"2023-08-10", "11.21 12.16 13.12 14.9 15.4"},
    {"2023-09-14", "16.0"},
    {"2023-11-09", "11.22 12.17 13.13 14.10 15.5 16.1"},
    {"2024-02-08", "12.18 13.14 14.11 15.6 16.2"},
    {"2024-05-09", "12.19 13.15 14.12 15.7 16.3"},
    {"2024-08-08", "12.20 13.16 14.13 15.8 16.4"},
    {"2024-09-26", "17.0"},
    {"2024-11-14", "12.21 13.17 14.14 15.9 16.5 17.1"},
    {"2024-11-21", "12.22 13.18 14.15 15.10 16.6 17.2"},
    {"2025-02-13", "13.19 14.16 15.11 16.7 17.3"},
    {"2025-02-20", "13.20 14.17 15.12 16.8 17.4"},
    {"2025-05-08", "13.21 14.18 15.13 16.9 17.5"},
    {"2025-08-14", "13.22 14.19 15.14 16.10 17.6"},
    {"2025-09-25", "18.0"},
    {"2025-11-13", "13.23 14.20 15.15 16.11 17.7 18.1"},
}};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Version {
  int major = 0;
  int minor = 0;
};
std::optional<Version> parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = number(text.substr(0, dot));
  const auto minor = number(text.substr(dot + 1));
  if (!major || !minor || *major < 10) return std::nullopt;
  return Version{.major = *major, .minor = *minor};
}

// The place of a release's day among all days.
std::optional<int> day_of(const std::string& text) {
  const auto version = parse(text);
  if (!version) return std::nullopt;
  int last = -1;  // day of the newest known one of this major
  int newest = 0;
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    for (const std::string& word : split_list(kDays[day].versions, " ")) {
      const auto known = parse(word);
      if (!known || known->major != version->major) continue;
      if (known->minor == version->minor) return static_cast<int>(day);
      last = static_cast<int>(day);
      newest = known->minor;
    }
  }
  const int days = static_cast<int>(kDays.size());
  if (last < 0) return days + version->minor;  // a major that is newer than the list
  return last + version->minor - newest;
}

}  // namespace

bool is_released_before(const std::string& version, const std::string& other) {
  const auto mine = day_of(version);
  const auto its = day_of(other);
  return mine && its && *mine < *its;
}

}  // namespace pgupgrade::planning
