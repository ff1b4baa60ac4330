#include "migrate/comparable.hpp"

#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

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
