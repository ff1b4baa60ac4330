#include "compose/excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

constexpr std::size_t kWidth = 90;   // columns of a line that are shown
constexpr std::size_t kBefore = 50;  // of these, before the caret at most

bool may_be_secret(const std::string& line) {
  constexpr std::array<std::string_view, 6> kSigns = {"pass", "pwd", "secret", "token", "key", "://"};
  const std::string small = lower(line);
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](std::string_view sign) { return small.find(sign) != std::string::npos; });
}

// Each character of a line as it can be shown, tabs as one blank.
std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) ++end;
    result.push_back(line[i] == '\t' ? " " : printable(line.substr(i, end - i)));
    i = end;
  }
  return result;
}

std::string joined(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < std::min(end, parts.size()); ++i) text += parts[i];
  return text;
}

// Words of "services.db.image" and of what stands in quotes, in their order.
std::vector<std::string> words_of(const std::string& message) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : message + " ") {
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.';
    if (part) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

// The entry of a mapping with that key: the key itself, and its value.
const std::pair<const Node*, const Node*>* entry_named(const Node& node, const std::string& key) {
  if (!node.is(NodeKind::mapping)) return nullptr;
  const auto found = std::find_if(node.entries.begin(), node.entries.end(), [&](const auto& entry) {
    return entry.first->is(NodeKind::scalar) && entry.first->value == key;
  });
  return found == node.entries.end() ? nullptr : &*found;
}

// How deep a path of keys leads into a document, and the last key that is there. Names may have dots in them,
// so each step takes the longest that fits.
struct Reached {
  const Node* key = nullptr;
  const Node* value = nullptr;
};
Reached follow(const Node& top, const std::vector<std::string>& parts) {
  Reached reached{nullptr, &top};
  for (std::size_t i = 0; i < parts.size();) {
    std::size_t taken = 0;
    std::string name;
    for (std::size_t end = i; end < parts.size(); ++end) {
      name += (end == i ? "" : ".") + parts[end];
      if (const auto* entry = entry_named(*reached.value, name)) {
        reached = {entry->first, entry->second};
        taken = end - i + 1;
        break;
      }
    }
    if (taken == 0) break;
    i += taken;
  }
  return reached;
}

std::optional<std::string> place_in(const YamlFile& file, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool root = words[i] == "root";  // "(root) additional properties 'servces' not allowed"
    const auto parts = root ? std::vector<std::string>{} : split_list(words[i], ".");
    // A word alone may be any word of the sentence.
    if (!root && parts.size() < 2) continue;
    for (const Node* top : file.documents) {
      const Reached reached = follow(*top, parts);
      if (!root && reached.key == nullptr) continue;
      // A key below it that the rest of the message names is what is meant.
      for (std::size_t j = i + 1; j < words.size(); ++j)
        if (const auto* entry = entry_named(*reached.value, words[j])) return excerpt(file, *entry->first);
      if (reached.key != nullptr) return excerpt(file, *reached.key);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string excerpt(const std::string& path, const std::string& text, std::size_t offset,
                    std::size_t length) {
  offset = std::min(offset, text.size());
  const std::size_t begin = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  std::string line = text.substr(begin, end - begin);
  if (line.ends_with('\r')) line.pop_back();
  const std::size_t column = characters(std::string_view(text).substr(begin, offset - begin)).size();
  const int number = line_of(text, offset);
  std::string result = fmt::format("--> {}:{}:{}", printable(path, 500), number, column + 1);
  if (may_be_secret(line)) return result;
  const auto all = characters(line);
  const std::size_t carets = std::max<std::size_t>(
      1, characters(std::string_view(text).substr(offset, std::min(length, end - offset))).size());
  const std::size_t from = column > kBefore ? column - kBefore : 0;
  const bool cut_off = all.size() > from + kWidth;
  result += fmt::format("\n{:>5} | {}{}{}", number, from > 0 ? "…" : "", joined(all, from, from + kWidth),
                        cut_off ? "…" : "");
  return result + fmt::format("\n      | {}{}", std::string(column - from + (from > 0 ? 1 : 0), ' '),
                              std::string(std::min(carets, kWidth - (column - from)), '^'));
}

std::string excerpt(const YamlFile& file, const Node& node) {
  return excerpt(file.path, file.text, node.begin, node.is(NodeKind::scalar) ? node.end - node.begin : 1);
}

std::optional<std::string> place_of_complaint(const std::vector<ReadFile>& files,
                                              const std::string& message) {
  std::vector<YamlFile> parsed;
  for (const ReadFile& file : files) {
    try {
      parsed.push_back(parse_yaml(file.path, file.text));
    } catch (const Error& error) {
      const auto lines = split_lines(error.what());
      return join({lines.begin() + 1, lines.end()}, "\n");
    }
  }
  const std::vector<std::string> words = words_of(message);
  // The last file that has it overrides the others.
  for (auto file = parsed.rbegin(); file != parsed.rend(); ++file)
    if (auto place = place_in(*file, words)) return place;
  return std::nullopt;
}

}  // namespace pgupgrade::compose
