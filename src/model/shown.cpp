#include "model/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade {
namespace {

constexpr std::size_t kLongest = 120;  // of a value that is shown whole
constexpr std::size_t kBefore = 30;    // what is shown of a long one, before and after the place
constexpr std::size_t kAfter = 60;

struct Label {
  std::string_view column;
  std::string_view label;
};
// Columns whose meaning their name does not say.
constexpr Label kLabels[] = {
    {"relpersistence", "persistence"},
    {"relowner", "owner"},
    {"relacl", "privileges"},
    {"attacl", "privileges"},
    {"proacl", "privileges"},
    {"nspacl", "privileges"},
    {"typacl", "privileges"},
    {"datacl", "privileges"},
    {"proowner", "owner"},
    {"typowner", "owner"},
    {"nspowner", "owner"},
    {"datdba", "owner"},
    {"attnotnull", "not null"},
    {"atttypid", "type"},
    {"attnum", "position"},
    {"adbin", "default"},
    {"conbin", "condition"},
    {"polqual", "condition"},
    {"tgqual", "condition"},
    {"indpred", "predicate"},
    {"ev_action", "definition"},
    {"prosrc", "body"},
    {"prosqlbody", "body"},
    {"relpartbound", "partition bound"},
    {"reltoastrelid", "TOAST options"},
    {"reloptions", "options"},
    {"setconfig", "settings"},
    {"tgenabled", "state of triggers"},
};

std::string shown_word(const std::string& attribute, const std::string& value) {
  if (attribute != "relpersistence") return value;
  return value == "p" ? "permanent" : value == "u" ? "unlogged" : value == "t" ? "temporary" : value;
}

bool needs_no_quotes(std::string_view name) {
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto goes_on = [&](char c) { return starts(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && starts(name.front()) && std::all_of(name.begin(), name.end(), goes_on);
}

std::string without_needless_quotes(const std::string& text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"') {
      while (end < text.size() && (text[end] != '"' || (end + 1 < text.size() && text[end + 1] == '"')))
        end += text[end] == '"' ? 2 : 1;
      end = std::min(end + 1, text.size());
    }
    const std::string token = text.substr(at, end - at);
    const bool needless =
        token.size() > 2 && needs_no_quotes(std::string_view(token).substr(1, token.size() - 2));
    shown += needless ? token.substr(1, token.size() - 2) : token;
    at = end;
  }
  return shown;
}

// A long text around the place, and its length.
std::string window(const std::string& text, std::size_t place) {
  const std::size_t from = place < kBefore ? 0 : place - kBefore;
  const std::size_t length = std::min(place + kAfter, text.size()) - from;
  return fmt::format("{}{}{}\" (of {})", from > 0 ? "\"…" : "\"", printable(text.substr(from, length)),
                     from + length < text.size() ? "…" : "", plural(text.size(), "byte"));
}

}  // namespace

std::string shown_object(const std::string& key) {
  return printable(without_needless_quotes(key));
}

std::string shown_difference(const std::string& attribute, const std::string* was, const std::string* is) {
  const auto* label = std::find_if(std::begin(kLabels), std::end(kLabels),
                                   [&](const Label& entry) { return entry.column == attribute; });
  const std::string name = label == std::end(kLabels) ? attribute : std::string(label->label);
  std::size_t place = 0;
  const bool is_long = (was != nullptr && was->size() > kLongest) || (is != nullptr && is->size() > kLongest);
  if (was != nullptr && is != nullptr)
    place = static_cast<std::size_t>(std::mismatch(was->begin(), was->end(), is->begin(), is->end()).first -
                                     was->begin());
  const auto shown = [&](const std::string* value) {
    if (value == nullptr) return std::string("null");
    if (is_long) return window(*value, place);
    return "\"" + printable(shown_word(attribute, without_needless_quotes(*value))) + "\"";
  };
  return fmt::format("{} is {}, expected {}", printable(name), shown(is), shown(was));
}

}  // namespace pgupgrade
