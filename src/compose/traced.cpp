#include "compose/traced.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "compose/excerpt.hpp"
#include "compose/refusal.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9');
}

std::size_t name_length(std::string_view text) {
  if (text.empty() || !begins_name(text.front())) return 0;
  const auto end = std::find_if_not(text.begin(), text.end(), continues_name);
  return static_cast<std::size_t>(end - text.begin());
}

// The `}` that belongs to the `${` before `start`.
std::size_t closing_brace(std::string_view text, std::size_t start) {
  int open = 1;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string text_of(const Traced& pieces) {
  std::string result;
  for (const Piece& piece : pieces) result += piece.text;
  return result;
}

Traced Variables::expand(const YamlFile& file, const Node& scalar) const {
  Place place{file.path, scalar.begin, Origin::literal, {}, assignments_.size(), scalar.line, &file, &scalar};
  if (!scalar.verbatim && scalar.value.find('$') == std::string::npos) {
    return {Piece{scalar.value, Origin::whole, file.path, scalar.begin, scalar.end - scalar.begin, {}}};
  }
  if (!scalar.verbatim) place.origin = Origin::fixed;
  Traced result;
  expand(scalar.value, place, result);
  return result;
}

void Variables::expand(std::string_view text, const Place& place, Traced& result) const {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '$') {
      at = expand_dollar(text, at, place, result);
      continue;
    }
    const std::size_t end = std::min(text.find('$', at), text.size());
    result.push_back({std::string(text.substr(at, end - at)), place.origin, place.file, place.offset + at,
                      end - at, place.variable});
    at = end;
  }
}

void Variables::refuse(std::string_view written, const Place& place) {
  throw refusal(fmt::format("could not read {}:{}: \"{}\" is not an interpolation{}", place.file, place.line,
                            printable(std::string(written), 60),
                            place.scalar == nullptr ? "" : "\n" + excerpt(*place.source, *place.scalar)),
                "write $$ for a dollar sign");
}

// Returns where the text goes on.
std::size_t Variables::expand_dollar(std::string_view text, std::size_t at, const Place& place,
                                     Traced& result) const {
  const std::string_view rest = text.substr(at + 1);
  Place inner = place;
  inner.offset = place.offset + at + 2;
  if (rest.substr(0, 1) == "$") {
    result.push_back({"$", Origin::fixed, place.file, place.offset + at, 2, place.variable});
    return at + 2;
  }
  if (rest.substr(0, 1) == "{") {
    const std::size_t close = closing_brace(text, at + 2);
    if (close != std::string_view::npos && name_length(rest.substr(1)) > 0) {
      expand_braces(text.substr(at + 2, close - at - 2), inner, result);
      return close + 1;
    }
  } else if (const std::size_t length = name_length(rest); length > 0) {
    lookup(std::string(rest.substr(0, length)), place.known, result);
    return at + 1 + length;
  }
  refuse(text.substr(at), place);
}

// What stands between `${` and `}`; the place's offset is that of `inner`.
void Variables::expand_braces(std::string_view inner, const Place& place, Traced& result) const {
  const std::size_t length = name_length(inner);
  const std::string name(inner.substr(0, length));
  std::string_view rest = inner.substr(length);
  const bool colon = !rest.empty() && rest.front() == ':';
  if (colon) rest.remove_prefix(1);
  const char operation = rest.empty() ? '\0' : rest.front();

  Traced value;
  bool set = lookup(name, place.known, value);
  if (colon && text_of(value).empty()) set = false;
  if (operation == '-' || operation == '+') {
    if ((operation == '-') == set) {
      if (operation == '-') result.insert(result.end(), value.begin(), value.end());
      return;
    }
    Place fallback = place;
    fallback.offset = place.offset + (inner.size() - rest.size()) + 1;
    if (place.origin == Origin::literal) fallback.origin = Origin::fallback;
    fallback.variable = name;
    expand(rest.substr(1), fallback, result);
    return;
  }
  if (operation != '\0' && operation != '?') {
    refuse(fmt::format("${{{}}}", inner), place);
  }
  result.insert(result.end(), value.begin(), value.end());
}

bool Variables::lookup(const std::string& name, std::size_t known, Traced& result) const {
  if (const auto found = shell_.find(name); found != shell_.end()) {
    result.push_back({found->second, Origin::shell, {}, 0, 0, name});
    return true;
  }
  for (std::size_t i = known; i-- > 0;) {
    const Assignment& assignment = assignments_[i];
    if (assignment.name != name) continue;
    const Origin origin = assignment.verbatim ? Origin::env_file : Origin::fixed;
    const Place place{assignment.file, assignment.offset, origin, name, i, assignment.line};
    if (assignment.interpolated) {
      expand(assignment.value, place, result);
    } else {
      result.push_back(
          {assignment.value, origin, assignment.file, assignment.offset, assignment.value.size(), name});
    }
    return true;
  }
  return false;
}

}  // namespace pgupgrade::compose
