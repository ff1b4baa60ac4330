// An archive that makes a JSON Schema (draft 2020-12) of the description by which a struct is written and
// read, so that no field can be in one and not in the other. Only .cpp files include this.
#pragma once

#include <boost/core/type_name.hpp>

#include "model/fields.hpp"

namespace pgupgrade::fields {

// The schemas of the structs that are met, by name.
using Definitions = boost::json::object;

template <class T>
boost::json::object schema_of(Definitions& definitions);

class SchemaWriter {
 public:
  explicit SchemaWriter(Definitions& definitions) : definitions_(definitions) {}

  template <class T>
  void operator()(std::string_view key, const T& value) {
    optional(key, value);
    required_.emplace_back(boost::json::string(key));
  }
  // What an older program did not write may be absent.
  template <class T>
  void optional(std::string_view key, const T&) {
    properties_.emplace(key, schema_of<T>(definitions_));
  }
  template <class T>
  void renamed(std::string_view key, std::string_view, const T& value) {
    (*this)(key, value);
  }
  boost::json::object take() {
    return {{"type", "object"},
            {"properties", std::move(properties_)},
            {"required", std::move(required_)},
            {"additionalProperties", false}};
  }

 private:
  Definitions& definitions_;
  boost::json::object properties_;
  boost::json::array required_;
};

// "TargetPlan" of pgupgrade::TargetPlan.
template <class T>
std::string short_type_name() {
  const std::string name = boost::core::type_name<T>();
  return name.substr(name.rfind(':') == std::string::npos ? 0 : name.rfind(':') + 1);
}

template <class T>
boost::json::object reference_to(Definitions& definitions) {
  const std::string name = short_type_name<T>();
  if (!definitions.contains(name)) {
    definitions[name] = nullptr;  // the place of a struct is before those of its parts
    T value{};
    SchemaWriter writer(definitions);
    describe(writer, value);
    definitions[name] = writer.take();
  }
  return {{"$ref", "#/$defs/" + name}};
}

template <class T>
boost::json::object schema_of(Definitions& definitions) {
  if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_same_v<T, char>) {
    return {{"type", "string"}, {"minLength", 1}, {"maxLength", 1}};
  } else if constexpr (std::is_integral_v<T>) {
    boost::json::object schema{{"type", "integer"}};
    if constexpr (std::is_unsigned_v<T>) schema["minimum"] = 0;
    return schema;
  } else if constexpr (std::is_enum_v<T>) {
    boost::json::array texts;
    for (const auto& entry : texts_of(T{})) texts.emplace_back(boost::json::string(entry.text));
    return {{"enum", std::move(texts)}};
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
    return {{"type", "string"}};
  } else if constexpr (kIsVector<T>) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>(definitions)}};
  } else if constexpr (kIsMap<T>) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>(definitions)}};
  } else {
    return reference_to<T>(definitions);
  }
}

// A whole document. Its "$id" is a name, not an address.
template <class T>
boost::json::object schema_document(std::string_view name, int version, std::string_view title) {
  Definitions definitions;
  boost::json::object root = schema_of<T>(definitions);
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"$id", "https://pgupgrade.invalid/schema/" + std::string(name) + "/" + std::to_string(version)},
          {"title", title},
          {"$ref", root.at("$ref")},
          {"$defs", std::move(definitions)}};
}

}  // namespace pgupgrade::fields
