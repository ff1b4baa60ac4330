#include "postgres/session_settings.hpp"

#include <array>
#include <string_view>

namespace pgupgrade::postgres {
namespace {

enum class Who {
  anybody,
  superuser,  // may set it
  client      // sets it when it connects: later is too late
};

constexpr std::string_view kAsItIs = "as the server has it";

struct Setting {
  std::string_view name;
  std::string_view alone;
  std::string_view shared;
  Who who = Who::anybody;
};

constexpr Setting same(std::string_view name, std::string_view value, Who who = Who::anybody) {
  return {.name = name, .alone = value, .shared = value, .who = who};
}

// extra_float_digits is 0 because only there do the servers before and since 12 print floating-point numbers
// alike; rows are read with another. Rows are read from the table itself, not from an index that may be
// wrong.
constexpr std::array<Setting, 30> kSettings = {{
    same("search_path", "pg_catalog"),
    same("DateStyle", "ISO,YMD"),
    same("IntervalStyle", "postgres"),
    same("TimeZone", "UTC"),
    same("extra_float_digits", "0"),
    same("bytea_output", "hex"),
    same("lc_monetary", "C"),
    same("lc_numeric", "C"),
    same("xmloption", "content"),
    same("xmlbinary", "base64"),
    same("row_security", "off"),
    same("quote_all_identifiers", "off"),
    same("standard_conforming_strings", "on"),
    same("array_nulls", "on"),
    same("transform_null_equals", "off"),
    same("role", "none", Who::client),
    same("session_preload_libraries", "", Who::client),
    same("local_preload_libraries", "", Who::client),
    same("statement_timeout", "0"),
    same("lock_timeout", "0"),
    same("idle_in_transaction_session_timeout", "0"),
    {.name = "temp_file_limit", .alone = "-1", .shared = kAsItIs, .who = Who::superuser},
    same("zero_damaged_pages", "off", Who::superuser),
    same("ignore_checksum_failure", "off", Who::superuser),
    same("default_transaction_deferrable", "off"),
    same("constraint_exclusion", "off"),
    {.name = "enable_indexonlyscan", .alone = "off", .shared = kAsItIs},
    {.name = "default_transaction_read_only", .alone = "off", .shared = "on"},
    {.name = "default_transaction_isolation", .alone = "repeatable read", .shared = "read committed"},
    {.name = "client_min_messages", .alone = "warning", .shared = "error"},
}};

std::string statements_of(Who who) {
  std::string statements;
  for (const Setting& setting : kSettings) {
    if (setting.who != who) continue;
    if (!statements.empty()) statements += "; ";
    statements += "SET " + std::string(setting.name) + " = '" + std::string(setting.alone) + "'";
  }
  return statements;
}

}  // namespace

std::string session_options(SessionUse use) {
  std::string options;
  for (const Setting& setting : kSettings) {
    const std::string_view value = use == SessionUse::alone ? setting.alone : setting.shared;
    if (value == kAsItIs) continue;
    options += (options.empty() ? "-c " : " -c ") + std::string(setting.name) + "=";
    for (const char c : value) options += c == ' ' ? std::string("\\ ") : std::string(1, c);
  }
  return options;
}

std::string session_statements() {
  return statements_of(Who::anybody);
}

std::string superuser_session_statements() {
  return statements_of(Who::superuser);
}

}  // namespace pgupgrade::postgres
