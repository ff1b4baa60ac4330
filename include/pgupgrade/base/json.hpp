#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Small typed getters over Boost.JSON, whose own errors name neither the key nor the place.
// Every failure is Error(failed, "E-JSON") with a message such as `"Config.Tty": expected a boolean`.
// `path` is only used in messages. Absent and null are alike.
namespace pgupgrade::json {

boost::json::value parse(std::string_view text, std::string_view what);

const boost::json::object& as_object(const boost::json::value& value, std::string_view path);
const boost::json::value* find(const boost::json::object& object, std::string_view key);
const boost::json::object* find_object(const boost::json::object& object, std::string_view key);
const boost::json::array* find_array(const boost::json::object& object, std::string_view key);

std::string get_string(const boost::json::object& object, std::string_view key);  // required
std::string get_string_or(const boost::json::object& object, std::string_view key, std::string_view fallback);
std::int64_t get_int(const boost::json::object& object, std::string_view key);  // required
std::int64_t get_int_or(const boost::json::object& object, std::string_view key, std::int64_t fallback);
bool get_bool_or(const boost::json::object& object, std::string_view key, bool fallback);
std::vector<std::string> get_strings(const boost::json::object& object, std::string_view key);  // absent: {}
std::map<std::string, std::string> get_string_map(const boost::json::object& object, std::string_view key);

boost::json::array from_strings(const std::vector<std::string>& values);
boost::json::object from_string_map(const std::map<std::string, std::string>& values);

// Pretty-printed with two spaces and sorted as inserted; ends with a line feed. For files people may read.
std::string pretty(const boost::json::value& value);

}  // namespace pgupgrade::json
