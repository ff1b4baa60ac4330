#include "compose/fit.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace pgupgrade::compose {

namespace {

// A range of the old text, and what shall stand there instead.
struct Change {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
};

std::optional<Change> difference(std::string_view before, std::string_view after, std::size_t base) {
  if (before == after) return std::nullopt;
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t head = 0;
  while (head < shorter && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  return Change{base + head, base + before.size() - tail,
                std::string(after.substr(head, after.size() - tail - head))};
}

bool is_version_char(char c) {
  return (c >= '0' && c <= '9') || c == '.';
}

// A piece with its range in the whole text.
struct Part {
  const Piece* piece = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Part> parts_of(const Traced& pieces) {
  std::vector<Part> result;
  std::size_t at = 0;
  for (const Piece& piece : pieces) {
    result.push_back({&piece, at, at + piece.text.size()});
    at += piece.text.size();
  }
  return result;
}

FileEdit edit_within(const Part& part, Change change, std::string_view before, std::string_view after) {
  const Piece& piece = *part.piece;
  if (piece.origin == Origin::whole) return {piece.file, piece.offset, 0, piece.text, std::string(after)};
  // Whole versions are shown ("15" to "17", not "5" to "7"), and an insertion has something to stand on; the
  // file that results is the same.
  if (change.begin == change.end) {
    change.text = std::string(before.substr(part.begin, change.begin - part.begin)) + change.text +
                  std::string(before.substr(change.end, part.end - change.end));
    change.begin = part.begin;
    change.end = part.end;
  }
  const bool version = is_version_char(before[change.begin]) && !change.text.empty();
  while (version && change.begin > part.begin && is_version_char(before[change.begin - 1])) {
    change.text.insert(0, 1, before[--change.begin]);
  }
  while (version && change.end < part.end && is_version_char(before[change.end])) {
    change.text += before[change.end++];
  }
  return {piece.file, piece.offset + (change.begin - part.begin), 0,
          std::string(before.substr(change.begin, change.end - change.begin)), change.text};
}

Fit blocked(const Piece& piece) {
  if (piece.origin == Origin::shell) return {{}, Obstacle::shell, piece.variable};
  return {{}, Obstacle::fixed, {}};
}

bool can_change(const Piece& piece) {
  return piece.origin != Origin::shell && piece.origin != Origin::fixed;
}

// The parts that a change touches. An insertion belongs to the part that ends there, else to the one after.
std::vector<Part> touched_by(const Change& change, const std::vector<Part>& parts) {
  std::vector<Part> result;
  for (const Part& part : parts) {
    const bool holds = part.begin < change.end && change.begin < part.end;
    const bool takes = change.begin == change.end && result.empty() && part.begin < change.begin + 1 &&
                       change.begin <= part.end && (change.begin > part.begin || change.begin == 0);
    if (part.begin < part.end && (holds || takes)) result.push_back(part);
  }
  return result;
}

Fit fit_change(const Change& change, const std::vector<Part>& parts, std::string_view before,
               std::string_view after) {
  const auto touched = touched_by(change, parts);
  if (touched.empty()) return {{}, Obstacle::spread, {}};
  for (const Part& part : touched) {
    if (!can_change(*part.piece)) return blocked(*part.piece);
  }
  Fit result;
  Change first = change;
  first.end = std::min(change.end, touched.front().end);
  result.edits.push_back(edit_within(touched.front(), first, before, after));
  // `postgres:${MAJOR:-15}.4`: the variable takes the new version, the plain text after it goes.
  for (std::size_t i = 1; i < touched.size(); ++i) {
    if (touched[i].piece->origin != Origin::literal) return {{}, Obstacle::spread, {}};
    const Change rest{touched[i].begin, std::min(change.end, touched[i].end), {}};
    result.edits.push_back(edit_within(touched[i], rest, before, after));
  }
  return result;
}

// Where the tag's colon stands.
std::optional<std::size_t> tag_colon(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return std::nullopt;
  const auto slash = image.rfind('/');
  const auto colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) return std::nullopt;
  return colon;
}

}  // namespace

Fit fit_text(const Traced& pieces, const std::string& wanted) {
  const std::string before = text_of(pieces);
  const auto change = difference(before, wanted, 0);
  if (!change) return {};
  return fit_change(*change, parts_of(pieces), before, wanted);
}

Fit fit_image(const Traced& pieces, const std::string& wanted) {
  Fit at_once = fit_text(pieces, wanted);
  const std::string before = text_of(pieces);
  const auto old_colon = tag_colon(before);
  const auto new_colon = tag_colon(wanted);
  if (at_once.obstacle != Obstacle::spread || !old_colon || !new_colon) return at_once;

  const auto parts = parts_of(pieces);
  const std::string_view old_text = before;
  const std::string_view new_text = wanted;
  Fit result;
  for (const auto& change :
       {difference(old_text.substr(0, *old_colon), new_text.substr(0, *new_colon), 0),
        difference(old_text.substr(*old_colon + 1), new_text.substr(*new_colon + 1), *old_colon + 1)}) {
    if (!change) continue;
    Fit one = fit_change(*change, parts, before, wanted);
    if (one.obstacle != Obstacle::none) return one;
    result.edits.insert(result.edits.end(), one.edits.begin(), one.edits.end());
  }
  return result;
}

}  // namespace pgupgrade::compose
