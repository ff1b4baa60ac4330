#include "migrate/comparable.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "pgupgrade/model/sql_text.hpp"

namespace pgupgrade::migrate {
namespace {

using Leaves = std::function<bool(const std::string& object)>;

void erase_objects(DatabasePrint& print, const Leaves& leaves) {
  std::erase_if(print.objects, [&](const auto& object) { return leaves(object.first); });
}

void erase_attributes(DatabasePrint& print, const Leaves& leaves) {
  for (auto& [name, attributes] : print.objects)
    std::erase_if(attributes, [&](const auto& attribute) { return leaves(attribute.first); });
}

bool starts_with_one_of(const std::string& object, std::initializer_list<std::string_view> beginnings) {
  for (const std::string_view beginning : beginnings)
    if (object.starts_with(beginning)) return true;
  return false;
}

// The digest's last word is that of owners and grants.
void erase_large_object_owners(DatabasePrint& print) {
  const std::size_t space = print.large_objects_digest.rfind(' ');
  if (space != std::string::npos) print.large_objects_digest.resize(space);
}

// "trigger "name" on "schema"."table"", "function "schema"."name"("other"."type")" -> schema: that of the
// first name with a dot behind it, but for arguments. Empty: what the object is in has no schema.
std::string schema_in(std::string_view object) {
  int depth = 0;
  for (std::size_t at = 0; at < object.size(); ++at) {
    if (object[at] == '(') ++depth;
    if (object[at] == ')') --depth;
    if (object[at] != '"') continue;
    std::string name;
    for (++at; at < object.size(); ++at) {
      if (object[at] == '"' && !object.substr(at + 1).starts_with('"')) break;
      if (object[at] == '"') ++at;
      name += object[at];
    }
    if (depth == 0 && object.substr(std::min(at + 1, object.size())).starts_with('.')) return name;
  }
  return {};
}

// What pg_dump takes along with a schema.
bool belongs_to(const std::string& schema, const std::string& object) {
  const std::string name = sql_identifier(schema);
  if (object == "schema " + name) return true;
  if (starts_with_one_of(object, {"publication ", "transform ", "comment on publication "})) return false;
  if (object.starts_with("default acl "))
    return object.find(" in schema " + name + " on ") != std::string::npos;
  return schema_in(object) == schema;
}

void leave_out_public(DatabasePrint& print) {
  const auto schema = print.objects.find("schema \"public\"");
  if (schema == print.objects.end()) return;
  schema->second.erase("nspowner");
  schema->second.erase("nspacl");
}

// "value 5 called; type bigint; …" -> 5 and whether it was given out.
struct Position {
  std::int64_t value = 0;
  bool called = false;
  std::string_view rest;  // the definition
  friend bool operator==(const Position&, const Position&) = default;
};
std::optional<Position> position_of(std::string_view text) {
  constexpr std::string_view kValue = "value ";
  if (!text.starts_with(kValue)) return std::nullopt;
  text.remove_prefix(kValue.size());
  Position position;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), position.value);
  if (problem != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  constexpr std::string_view kCalled = " called";
  position.called = text.starts_with(kCalled);
  if (position.called) text.remove_prefix(kCalled.size());
  position.rest = text;
  return position;
}

bool lies_between(const Position& first, const Position& second, const Position& value) {
  const auto [low, high] = std::minmax(first.value, second.value);
  return value.rest == second.rest && low <= value.value && value.value <= high;
}

}  // namespace

void leave_out(const Coverage& coverage, DatabasePrint& print) {
  if (!coverage.schemas.empty())
    erase_objects(print, [&](const std::string& object) {
      return std::none_of(coverage.schemas.begin(), coverage.schemas.end(),
                          [&](const std::string& schema) { return belongs_to(schema, object); });
    });
  // A subscription is never copied: a second one would take the changes away from the first.
  erase_objects(print,
                [](const std::string& object) { return object.starts_with("comment on subscription "); });
  if (!coverage.user_mappings)
    erase_objects(print, [](const std::string& object) { return object.starts_with("user mapping "); });
  if (!coverage.superusers_objects)
    erase_objects(print, [](const std::string& object) {
      return starts_with_one_of(
          object, {"event trigger ", "publication ", "comment on event trigger ", "comment on publication"});
    });
  if (!coverage.extension_comments)
    erase_objects(print,
                  [](const std::string& object) { return object.starts_with("comment on extension "); });
  if (!coverage.tablespaces)
    erase_attributes(print, [](const std::string& name) { return name == "reltablespace"; });
  if (!coverage.owner_of_public) leave_out_public(print);
  if (coverage.owners) return;
  erase_objects(print, [](const std::string& object) {
    return starts_with_one_of(object, {"default acl ", "privileges "});
  });
  erase_attributes(print,
                   [](const std::string& name) { return name.ends_with("owner") || name.ends_with("acl"); });
  erase_large_object_owners(print);
}

void settle_sequences(const std::map<std::string, std::string>& before,
                      std::map<std::string, std::string>& now,
                      const std::map<std::string, std::string>& copy) {
  for (auto& [name, text] : now) {
    const auto was = before.find(name);
    const auto is = copy.find(name);
    if (was == before.end() || is == copy.end() || was->second == text || is->second == text) continue;
    const auto first = position_of(was->second);
    const auto second = position_of(text);
    const auto value = position_of(is->second);
    if (first && second && value && lies_between(*first, *second, *value)) text = is->second;
  }
}

}  // namespace pgupgrade::migrate
