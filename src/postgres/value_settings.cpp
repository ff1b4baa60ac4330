#include "pgupgrade/postgres/value_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

// `otherwise` is the default of every version from 10 on, where initdb writes another value into the new
// cluster's postgresql.conf; empty where nothing has to be said.
struct ValueSetting {
  std::string_view name;
  std::string_view otherwise;
  std::string_view reason;
};

// Not here, since pg_dump or pg_restore sets them itself: search_path, row_security, check_function_bodies,
// client_encoding, standard_conforming_strings, xmloption, default_tablespace, default_table_access_method
// and the timeouts. Nor what changes messages and speed only: lc_messages, escape_string_warning, costs, jit.
// gin_fuzzy_search_limit takes rows away at random: a view that is made anew had better be complete.
constexpr std::array<ValueSetting, 16> kValueSettings = {{
    {"DateStyle", "ISO, MDY", "'01/02/2024'::date in a function that a check, an index or a view calls"},
    {"IntervalStyle", "", "the text of intervals, and the sign of '-1 day 2:03'"},
    {"TimeZone", "GMT", "date and timestamp to timestamptz and back, now()::date"},
    {"timezone_abbreviations", "", "'2024-01-01 10:00 IST'::timestamptz"},
    {"lc_monetary", "C", "money to text and back in functions and views; the rows go by exchange_options()"},
    {"lc_numeric", "C", "to_number() and to_char() with D and G"},
    {"lc_time", "C", "to_char() and to_date() with TM"},
    {"default_text_search_config", "pg_catalog.simple", "to_tsvector(text)"},
    {"extra_float_digits", "", "the text of floating-point numbers"},
    {"bytea_output", "", "bytea::text"},
    {"xmlbinary", "", "bytea in xmlelement()"},
    {"array_nulls", "", "'{NULL}'::text[] in a function; the rows go by exchange_options()"},
    {"backslash_quote", "", "\\' in the strings of a function"},
    {"transform_null_equals", "", "x = NULL in the text of a function"},
    {"max_stack_depth", "", "deeply nested json, xml and expressions are refused below what they need"},
    {"default_toast_compression", "", "how values are compressed, and so how much room a row takes"},
}};

const SettingFacts* find(const Inventory& old, std::string_view name) {
  const auto found = std::find_if(old.settings.begin(), old.settings.end(), [&](const SettingFacts& setting) {
    return lower(setting.name) == lower(std::string(name));
  });
  return found == old.settings.end() ? nullptr : &*found;
}

SettingFacts on_command_line(std::string_view name, std::string_view value) {
  return {.name = std::string(name),
          .value = std::string(value),
          .origin = SettingFacts::Origin::command_line,
          .file = ""};
}

// "shop.country": somebody's own, which a function may ask for by current_setting(). Servers from 14 on start
// with nothing else but letters, digits and underscores in such a name.
bool is_custom(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  bool at_start = true;
  bool dotted = false;
  for (const char c : name) {
    if (c == '.') {
      if (at_start) return false;
      dotted = at_start = true;
    } else {
      if (!is_letter(c) && (at_start || ((c < '0' || c > '9') && c != '$'))) return false;
      at_start = false;
    }
  }
  return dotted && !at_start;
}

// -cNAME=VALUE and --NAME=VALUE; dashes in a name are underscores.
void add_option(std::string text, std::map<std::string, std::string>& options) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return;
  std::replace(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equals), '-', '_');
  options[text.substr(0, equals)] = text.substr(equals + 1);
}

}  // namespace

std::vector<SettingFacts> value_settings(const Inventory& old) {
  std::vector<SettingFacts> settings;
  for (const ValueSetting& entry : kValueSettings) {
    const SettingFacts* given = find(old, entry.name);
    if (given != nullptr) {
      settings.push_back(on_command_line(entry.name, given->value));
    } else if (!entry.otherwise.empty()) {
      settings.push_back(on_command_line(entry.name, entry.otherwise));
    }
  }
  for (const SettingFacts& setting : old.settings)
    if (is_custom(setting.name)) settings.push_back(on_command_line(setting.name, setting.value));
  return settings;
}

namespace {

// A database may be set to read-only for everybody by ALTER DATABASE SET; not for its own restore. Nor may it
// be read as another role: bytes stay as they are where the program does not say otherwise. Messages are read
// by this program.
constexpr const char* kSessionOptions =
    "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 "
    "-c idle_in_transaction_session_timeout=0 -c role=none "
    "-c session_replication_role=origin -c default_transaction_isolation=read\\ committed "
    "-c default_transaction_deferrable=off -c temp_file_limit=-1 -c zero_damaged_pages=off "
    "-c ignore_checksum_failure=off -c lc_messages=C";

}  // namespace

// money is a number of cents that any locale writes its own way, and two C libraries the same one in two
// ways. In array_in() an unquoted NULL is the word when array_nulls is off, and pg_dump writes it for a null.
std::string exchange_options() {
  return std::string(kSessionOptions) + " -c lc_monetary=C -c array_nulls=on";
}

std::string compute_options() {
  return kSessionOptions;
}

std::map<std::string, std::string> parse_postmaster_options(const std::string& text) {
  std::vector<std::string> words;
  constexpr std::string_view kBetween = "\" \"";
  const std::string line = text.substr(0, text.find_last_not_of("\r\n") + 1);
  std::size_t at = line.find(" \"");
  if (at == std::string::npos || !line.ends_with('"')) return {};
  for (at += 2;;) {
    const std::size_t end = line.find(kBetween, at);
    words.push_back(line.substr(at, end == std::string::npos ? line.size() - at - 1 : end - at));
    if (end == std::string::npos) break;
    at = end + kBetween.size();
  }
  std::map<std::string, std::string> options;
  for (std::size_t index = 0; index < words.size(); ++index) {
    const std::string& word = words[index];
    if (word == "-c" && index + 1 < words.size()) {
      add_option(words[++index], options);
    } else if (word.starts_with("-c") || word.starts_with("--")) {
      add_option(word.substr(2), options);
    }
  }
  return options;
}

}  // namespace pgupgrade::postgres
