#include "pgupgrade/cli/arguments/window_time.hpp"

#include <fmt/format.h>

#include <ctime>
#include <optional>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::cli {
namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(ErrorKind::usage, "E-AT", fmt::format("cannot use --at {}: {}", printable(text, 100), why),
              "give a local time, such as 03:00 or 2026-12-01T03:00");
}

bool has_form(const std::string& text, const std::string& form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

int number(const std::string& text, std::size_t from, std::size_t length) {
  int value = 0;
  for (std::size_t i = from; i < from + length; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

// Nothing for a day that no month has, and for a time that clocks skip.
std::optional<std::int64_t> unix_ms(const std::tm& wanted) {
  std::tm parts = wanted;
  parts.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&parts);
  if (seconds == -1 || parts.tm_hour != wanted.tm_hour || parts.tm_min != wanted.tm_min ||
      parts.tm_mday != wanted.tm_mday || parts.tm_mon != wanted.tm_mon)
    return std::nullopt;
  return std::int64_t{seconds} * 1000;
}

// The day after may be another month's first: mktime knows.
std::tm next_day(std::tm day) {
  day.tm_mday += 1;
  day.tm_hour = 12;
  day.tm_isdst = -1;
  std::mktime(&day);
  return day;
}

std::int64_t next_time(const std::string& text, int hour, int minute, std::int64_t now_ms) {
  const std::time_t now = now_ms / 1000;
  std::tm day{};
  localtime_r(&now, &day);
  for (int tries = 0; tries < 3; ++tries) {
    day.tm_hour = hour;
    day.tm_min = minute;
    day.tm_sec = 0;
    const auto time = unix_ms(day);
    if (time && *time > now_ms) return *time;
    day = next_day(day);
  }
  refuse(text, "local clocks do not show it");
}

}  // namespace

std::int64_t window_time(const std::string& text, std::int64_t now_ms) {
  const bool dated = has_form(text, "0000-00-00T00:00") || has_form(text, "0000-00-00 00:00");
  if (!dated && !has_form(text, "00:00")) refuse(text, "it is no time");
  const std::size_t clock = dated ? 11 : 0;
  const int hour = number(text, clock, 2);
  const int minute = number(text, clock + 3, 2);
  if (hour > 23 || minute > 59) refuse(text, "no clock shows it");
  if (!dated) return next_time(text, hour, minute, now_ms);
  std::tm wanted{};
  wanted.tm_year = number(text, 0, 4) - 1900;
  wanted.tm_mon = number(text, 5, 2) - 1;
  wanted.tm_mday = number(text, 8, 2);
  wanted.tm_hour = hour;
  wanted.tm_min = minute;
  const auto time = unix_ms(wanted);
  if (!time) refuse(text, "there is no such day, or clocks skip that time");
  if (*time <= now_ms) refuse(text, "it is past");
  return *time;
}

}  // namespace pgupgrade::cli
