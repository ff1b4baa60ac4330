// One description of a struct's fields serves both directions, so that a key cannot be written under one
// name and read under another:
//
//   template <class Archive, fields::Of<Mount> T>
//   void describe(Archive& archive, T& value) { archive("target", value.target); … }
//
// A field that came after the first release is described with archive.optional(…): state files of older
// programs lack it. Both directions are linear in the size of the value. Only .cpp files include this.
#pragma once

#include <boost/json.hpp>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/name_text.hpp"

namespace pgupgrade::fields {

template <class T, class Struct>
concept Of = std::same_as<std::remove_const_t<T>, Struct>;

// What an enumerator is called in JSON. A table of them is found by `texts_of(Enum)`.
template <class Enum>
struct Text {
  Enum value;
  std::string_view text;
};

template <class Enum>
std::string_view text_in_table(Enum value) {
  for (const auto& entry : texts_of(value))
    if (entry.value == value) return entry.text;
  throw Error(ErrorKind::internal, "E-INTERNAL", "an enumerator has no text");
}

template <class>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;

// Where in the document a value stands. Becomes a text only for a message.
struct Place {
  const Place* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;  // within an array, when `key` is empty

  std::string text() const {
    const std::string before = parent == nullptr ? std::string() : parent->text();
    if (parent != nullptr && key.empty()) return before + "[" + std::to_string(index) + "]";
    return before.empty() ? std::string(key) : before + "." + std::string(key);
  }
};

[[noreturn]] inline void fail(const Place& place, const std::string& what) {
  throw Error(ErrorKind::failed, "E-JSON", "\"" + place.text() + "\": " + what);
}

template <class T>
boost::json::value write(const T& value);

class Writer {
 public:
  template <class T>
  void operator()(std::string_view key, const T& value) {
    object_.emplace(key, write(value));
  }
  template <class T>
  void optional(std::string_view key, const T& value) {
    (*this)(key, value);
  }
  template <class T>
  void renamed(std::string_view key, std::string_view, const T& value) {
    (*this)(key, value);
  }
  boost::json::object take() { return std::move(object_); }

 private:
  boost::json::object object_;
};

template <class T>
boost::json::value write(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return boost::json::value(value);
  } else if constexpr (std::is_same_v<T, char>) {
    return boost::json::value(std::string_view(&value, 1));
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_unsigned_v<T>) {
      return boost::json::value(static_cast<std::uint64_t>(value));
    } else {
      return boost::json::value(static_cast<std::int64_t>(value));
    }
  } else if constexpr (std::is_enum_v<T>) {
    return boost::json::value(text_in_table(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return boost::json::value(json_text(value));
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return boost::json::value(json_text(value.native()));
  } else if constexpr (kIsVector<T>) {
    boost::json::array array;
    array.reserve(value.size());
    for (const auto& element : value) array.push_back(write(element));
    return array;
  } else if constexpr (kIsMap<T>) {
    boost::json::object object;
    object.reserve(value.size());
    for (const auto& [key, element] : value) object.emplace(json_text(key), write(element));
    return object;
  } else {
    Writer writer;
    describe(writer, value);
    return writer.take();
  }
}

template <class T>
void read(const boost::json::value& json, const Place& place, T& value);

class Reader {
 public:
  Reader(const boost::json::object& object, const Place& place) : object_(object), place_(place) {}

  // A key that is described so is required: what wrote the document wrote it. Null counts as absent.
  template <class T>
  void operator()(std::string_view key, T& value) {
    const Place place{.parent = &place_, .key = key};
    const boost::json::value* json = object_.if_contains(key);
    if (json == nullptr || json->is_null()) fail(place, "missing");
    read(*json, place, value);
  }

  // A key that an older program did not write yet: without it `value` stays as it is.
  template <class T>
  void optional(std::string_view key, T& value) {
    if (object_.contains(key)) (*this)(key, value);
  }

  // A key that an older program wrote as `old_key`.
  template <class T>
  void renamed(std::string_view key, std::string_view old_key, T& value) {
    (*this)(object_.contains(key) ? key : old_key, value);
  }

 private:
  const boost::json::object& object_;
  const Place& place_;
};

template <class Integer>
void read_integer(const boost::json::value& json, const Place& place, Integer& value) {
  if (!json.is_int64() && !json.is_uint64()) fail(place, "expected a whole number");
  const bool fits =
      json.is_int64() ? std::in_range<Integer>(json.get_int64()) : std::in_range<Integer>(json.get_uint64());
  if (!fits) fail(place, "number out of range");
  value = json.is_int64() ? static_cast<Integer>(json.get_int64()) : static_cast<Integer>(json.get_uint64());
}

inline std::string_view read_text(const boost::json::value& json, const Place& place) {
  if (!json.is_string()) fail(place, "expected a string");
  return json.get_string();
}

template <class Enum>
void read_enum(const boost::json::value& json, const Place& place, Enum& value) {
  const std::string_view text = read_text(json, place);
  std::string known;
  for (const auto& entry : texts_of(value)) {
    if (entry.text == text) {
      value = entry.value;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(entry.text);
  }
  fail(place, "expected one of " + known);
}

template <class T>
void read_array(const boost::json::value& json, const Place& place, std::vector<T>& value) {
  if (!json.is_array()) fail(place, "expected an array");
  const boost::json::array& array = json.get_array();
  value.clear();
  value.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    read(array[i], Place{.parent = &place, .index = i}, value.emplace_back());
  }
}

inline std::string read_name(std::string_view text, const Place& place) {
  std::optional<std::string> name = from_json_text(text);
  if (!name) fail(place, "expected escaped bytes");
  return std::move(*name);
}

template <class T>
void read_map(const boost::json::value& json, const Place& place, std::map<std::string, T>& value) {
  if (!json.is_object()) fail(place, "expected an object");
  value.clear();
  for (const auto& entry : json.get_object()) {
    // Written in order, so the end is the right hint.
    const auto added = value.emplace_hint(value.end(), read_name(entry.key(), place), T());
    read(entry.value(), Place{.parent = &place, .key = entry.key()}, added->second);
  }
}

template <class T>
void read(const boost::json::value& json, const Place& place, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_bool()) fail(place, "expected a boolean");
    value = json.get_bool();
  } else if constexpr (std::is_same_v<T, char>) {
    const std::string_view text = read_text(json, place);
    if (text.size() != 1) fail(place, "expected one character");
    value = text.front();
  } else if constexpr (std::is_integral_v<T>) {
    read_integer(json, place, value);
  } else if constexpr (std::is_enum_v<T>) {
    read_enum(json, place, value);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
    value = read_name(read_text(json, place), place);
  } else if constexpr (kIsVector<T>) {
    read_array(json, place, value);
  } else if constexpr (kIsMap<T>) {
    read_map(json, place, value);
  } else {
    if (!json.is_object()) fail(place, "expected an object");
    Reader reader(json.get_object(), place);
    describe(reader, value);
  }
}

// A whole document; `what` begins the path in messages.
template <class T>
T read_document(const boost::json::value& json, std::string_view what) {
  T value;
  const Place place{.key = what};
  read(json, place, value);
  return value;
}

}  // namespace pgupgrade::fields
