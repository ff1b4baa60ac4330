#include "pgupgrade/postgres/value_settings.hpp"

#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::postgres;

namespace {

std::map<std::string, std::string> values_of(const Inventory& old) {
  std::map<std::string, std::string> values;
  for (const SettingFacts& setting : value_settings(old)) {
    REQUIRE(setting.origin == SettingFacts::Origin::command_line);
    REQUIRE(values.emplace(setting.name, setting.value).second);
  }
  return values;
}

}  // namespace

TEST_CASE("where the old server was given nothing, its defaults replace those that initdb chooses") {
  REQUIRE(values_of({}) ==
          std::map<std::string, std::string>{{"DateStyle", "ISO, MDY"},
                                             {"TimeZone", "GMT"},
                                             {"default_text_search_config", "pg_catalog.simple"},
                                             {"lc_monetary", "C"},
                                             {"lc_numeric", "C"},
                                             {"lc_time", "C"}});
}

TEST_CASE("settings that decide values are taken over in any spelling of their names, others are not") {
  Inventory old;
  for (const auto& [name, value] : std::map<std::string, std::string>{{"timezone", "Europe/Berlin"},
                                                                      {"lc_monetary", "de_DE.UTF-8"},
                                                                      {"max_stack_depth", "7MB"},
                                                                      {"default_toast_compression", "lz4"},
                                                                      {"array_nulls", "off"},
                                                                      {"work_mem", "8MB"},
                                                                      {"lc_messages", "de_DE.UTF-8"},
                                                                      {"search_path", "shop"},
                                                                      {"shop.country", "DE"},
                                                                      {"a.b.c1", "x"},
                                                                      {"my-shop.country", "DE"},
                                                                      {"shop.1", "DE"},
                                                                      {"shop.", "DE"},
                                                                      {".shop", "DE"}})
    old.settings.push_back({.name = name, .value = value});
  auto values = values_of(old);
  for (const char* name : {"DateStyle", "default_text_search_config", "lc_numeric", "lc_time"})
    values.erase(name);
  REQUIRE(values == std::map<std::string, std::string>{{"TimeZone", "Europe/Berlin"},
                                                       {"a.b.c1", "x"},
                                                       {"array_nulls", "off"},
                                                       {"default_toast_compression", "lz4"},
                                                       {"lc_monetary", "de_DE.UTF-8"},
                                                       {"max_stack_depth", "7MB"},
                                                       {"shop.country", "DE"}});
}

TEST_CASE("the settings of a command line are read from postmaster.opts") {
  REQUIRE(
      parse_postmaster_options("/usr/lib/postgresql/15/bin/postgres \"-c\" \"TimeZone=Europe/Berlin\" "
                               "\"-D\" \"/data\" \"-cwork_mem=8MB\" \"--lc-monetary=de_DE.UTF-8\" \"-B\" "
                               "\"100\" \"-c\" \"search_path=\"$user\", shop\" \"-c\" \"x=a b\" \"-i\"\n") ==
      std::map<std::string, std::string>{{"TimeZone", "Europe/Berlin"},
                                         {"lc_monetary", "de_DE.UTF-8"},
                                         {"search_path", "\"$user\", shop"},
                                         {"work_mem", "8MB"},
                                         {"x", "a b"}});
  REQUIRE(parse_postmaster_options("/usr/lib/postgresql/15/bin/postgres\n").empty());
  REQUIRE(parse_postmaster_options("/usr/lib/postgresql/15/bin/postgres \"-c\"\n").empty());
  REQUIRE(parse_postmaster_options("").empty());
}
