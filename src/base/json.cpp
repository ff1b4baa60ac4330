#include "pgupgrade/base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::json {

namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxDepth = 200;  // far above any real document, far below the stack

[[noreturn]] void throw_problem(std::string_view path, std::string_view problem) {
  throw Error(ErrorKind::failed, "E-JSON", fmt::format("\"{}\": {}", printable(path), problem));
}

const bj::value& required(const bj::object& object, std::string_view key) {
  if (const bj::value* value = find(object, key)) return *value;
  throw_problem(key, "missing");
}

std::string_view string_of(const bj::value& value, std::string_view path) {
  if (const bj::string* text = value.if_string()) return {text->data(), text->size()};
  throw_problem(path, "expected a string");
}

std::int64_t int_of(const bj::value& value, std::string_view path) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  if (value.is_uint64()) throw_problem(path, "the number is too large");
  throw_problem(path, "expected a whole number");
}

// Nearly all strings are plain; the library's serializer is for the rest.
void append_string(std::string& out, std::string_view text) {
  const auto is_plain = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f; };
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out.append("\"").append(text).append("\"");
  } else {
    out += bj::serialize(bj::string_view(text.data(), text.size()));
  }
}

void append_pretty(std::string& out, const bj::value& value, std::size_t depth) {
  const std::size_t inner = 2 * (depth + 1);
  std::string_view before = "\n";
  if (const bj::object* object = value.if_object(); object && !object->empty()) {
    out += '{';
    for (const auto& member : *object) {
      out.append(before).append(inner, ' ');
      append_string(out, {member.key().data(), member.key().size()});
      out += ": ";
      append_pretty(out, member.value(), depth + 1);
      before = ",\n";
    }
    out.append("\n").append(2 * depth, ' ').append("}");
  } else if (const bj::array* array = value.if_array(); array && !array->empty()) {
    out += '[';
    for (const bj::value& element : *array) {
      out.append(before).append(inner, ' ');
      append_pretty(out, element, depth + 1);
      before = ",\n";
    }
    out.append("\n").append(2 * depth, ' ').append("]");
  } else if (const bj::string* text = value.if_string()) {
    append_string(out, {text->data(), text->size()});
  } else {
    out += bj::serialize(value);
  }
}

}  // namespace

bj::value parse(std::string_view text, std::string_view what) {
  bj::parse_options options;
  options.max_depth = kMaxDepth;
  bj::error_code problem;
  bj::value value = bj::parse({text.data(), text.size()}, problem, bj::storage_ptr(), options);
  if (problem) {
    throw Error(ErrorKind::failed, "E-JSON",
                fmt::format("could not parse {}: not valid JSON ({})", what, problem.message()));
  }
  return value;
}

const bj::object& as_object(const bj::value& value, std::string_view path) {
  if (const bj::object* object = value.if_object()) return *object;
  throw_problem(path, "expected an object");
}

const bj::value* find(const bj::object& object, std::string_view key) {
  const bj::value* value = object.if_contains({key.data(), key.size()});
  return value != nullptr && !value->is_null() ? value : nullptr;
}

const bj::object* find_object(const bj::object& object, std::string_view key) {
  const bj::value* value = find(object, key);
  return value != nullptr ? &as_object(*value, key) : nullptr;
}

const bj::array* find_array(const bj::object& object, std::string_view key) {
  const bj::value* value = find(object, key);
  if (value == nullptr) return nullptr;
  if (const bj::array* array = value->if_array()) return array;
  throw_problem(key, "expected an array");
}

std::string get_string(const bj::object& object, std::string_view key) {
  return std::string(string_of(required(object, key), key));
}

std::string get_string_or(const bj::object& object, std::string_view key, std::string_view fallback) {
  const bj::value* value = find(object, key);
  return std::string(value != nullptr ? string_of(*value, key) : fallback);
}

std::int64_t get_int(const bj::object& object, std::string_view key) {
  return int_of(required(object, key), key);
}

std::int64_t get_int_or(const bj::object& object, std::string_view key, std::int64_t fallback) {
  const bj::value* value = find(object, key);
  return value != nullptr ? int_of(*value, key) : fallback;
}

bool get_bool_or(const bj::object& object, std::string_view key, bool fallback) {
  const bj::value* value = find(object, key);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->if_bool()) return *flag;
  throw_problem(key, "expected a boolean");
}

std::vector<std::string> get_strings(const bj::object& object, std::string_view key) {
  std::vector<std::string> values;
  const bj::array* array = find_array(object, key);
  if (array == nullptr) return values;
  values.reserve(array->size());
  for (const bj::value& element : *array) {
    values.emplace_back(string_of(element, fmt::format("{}[{}]", key, values.size())));
  }
  return values;
}

std::map<std::string, std::string> get_string_map(const bj::object& object, std::string_view key) {
  std::map<std::string, std::string> values;
  const bj::object* members = find_object(object, key);
  if (members == nullptr) return values;
  for (const auto& member : *members) {
    if (member.value().is_null()) continue;  // null is as good as absent
    const std::string name(member.key());
    values.emplace(name, string_of(member.value(), fmt::format("{}.{}", key, name)));
  }
  return values;
}

bj::array from_strings(const std::vector<std::string>& values) {
  bj::array array;
  array.reserve(values.size());
  for (const std::string& value : values) array.emplace_back(value);
  return array;
}

bj::object from_string_map(const std::map<std::string, std::string>& values) {
  bj::object object;
  for (const auto& [key, value] : values) object[key] = value;
  return object;
}

std::string pretty(const bj::value& value) {
  std::string out;
  append_pretty(out, value, 0);
  out += '\n';
  return out;
}

}  // namespace pgupgrade::json
