#include "compose/yaml.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>

#include "compose/excerpt.hpp"
#include "compose/refusal.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

constexpr int kDeepest = 100;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string bytes_of(const unsigned char* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

// libyaml counts characters, and does not count a leading byte order mark.
class ByteOffsets {
 public:
  explicit ByteOffsets(const std::string& text) : size_(text.size()) {
    start_ = text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0 ? kByteOrderMark.size() : 0;
    for (std::size_t i = start_; i < text.size(); ++i) {
      // Bytes that go on with a character are 10xxxxxx.
      if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) starts_.push_back(i);
    }
  }
  std::size_t at(std::size_t character) const {
    return character < starts_.size() ? starts_[character] : size_;
  }

 private:
  std::size_t size_;
  std::size_t start_ = 0;
  std::vector<std::size_t> starts_;
};

class Parser {
 public:
  Parser(YamlFile& file) : file_(file), offsets_(file.text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    // With the encoding given, libyaml no longer skips the mark itself.
    const std::size_t skipped = mark_length();
    yaml_parser_set_input_string(&parser_,
                                 reinterpret_cast<const unsigned char*>(file_.text.data() + skipped),
                                 file_.text.size() - skipped);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    drop_event();
    yaml_parser_delete(&parser_);
  }

  void run() {
    next();  // stream start
    for (next(); event_.type != YAML_STREAM_END_EVENT; next()) {
      anchors_.clear();
      next();  // what follows the document's start
      file_.documents.push_back(node(0));
      next();  // document end
    }
  }

 private:
  std::size_t mark_length() const {
    return file_.text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0 ? kByteOrderMark.size() : 0;
  }

  void drop_event() {
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = false;
  }

  void next() {
    drop_event();
    if (yaml_parser_parse(&parser_, &event_) == 0) fail();
    has_event_ = true;
  }

  [[noreturn]] void fail() const {
    const char* problem = parser_.problem == nullptr ? "not enough memory" : parser_.problem;
    const std::size_t offset = parser_.error == YAML_READER_ERROR ? parser_.problem_offset + mark_length()
                                                                  : offsets_.at(parser_.problem_mark.index);
    fail_at(offset, printable(problem), "fix the file so that `docker compose config` accepts it");
  }

  [[noreturn]] void fail_at(std::size_t offset, const std::string& problem, const std::string& hint) const {
    throw refusal(fmt::format("could not read {}:{} as YAML: {}\n{}", file_.path, line_of(file_.text, offset),
                              problem, excerpt(file_.path, file_.text, offset)),
                  hint);
  }

  Node& make(NodeKind kind, const unsigned char* anchor, const unsigned char* tag) {
    Node& made = file_.nodes.emplace_back();
    made.kind = kind;
    made.tag = bytes_of(tag);
    made.line = static_cast<int>(event_.start_mark.line) + 1;
    made.begin = made.end = offsets_.at(event_.start_mark.index);
    if (anchor != nullptr) anchors_[bytes_of(anchor)] = &made;
    return made;
  }

  const Node* node(int depth) {
    if (depth > kDeepest) {
      fail_at(offsets_.at(event_.start_mark.index), fmt::format("nested more than {} levels", kDeepest),
              "write it flatter");
    }
    switch (event_.type) {
      case YAML_ALIAS_EVENT:
        return alias();
      case YAML_SEQUENCE_START_EVENT:
        return sequence(depth);
      case YAML_MAPPING_START_EVENT:
        return mapping(depth);
      default:
        return scalar();
    }
  }

  const Node* alias() const {
    const std::string name = bytes_of(event_.data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      fail_at(offsets_.at(event_.start_mark.index), "no anchor is named " + printable(name),
              "fix the file so that `docker compose config` accepts it");
    }
    return found->second;
  }

  const Node* sequence(int depth) {
    const auto& start = event_.data.sequence_start;
    Node& made = make(NodeKind::sequence, start.anchor, start.tag);
    for (next(); event_.type != YAML_SEQUENCE_END_EVENT; next()) made.items.push_back(node(depth + 1));
    return &made;
  }

  const Node* mapping(int depth) {
    const auto& start = event_.data.mapping_start;
    Node& made = make(NodeKind::mapping, start.anchor, start.tag);
    for (next(); event_.type != YAML_MAPPING_END_EVENT; next()) {
      const Node* key = node(depth + 1);
      next();
      made.entries.emplace_back(key, node(depth + 1));
    }
    return &made;
  }

  const Node* scalar() {
    const auto& data = event_.data.scalar;
    Node& made = make(NodeKind::scalar, data.anchor, data.tag);
    made.value.assign(reinterpret_cast<const char*>(data.value), data.length);
    made.begin = offsets_.at(event_.start_mark.index);
    made.end = offsets_.at(event_.end_mark.index);
    if (data.anchor != nullptr || data.tag != nullptr) skip_properties(made);
    made.line = line_of(file_.text, made.begin);
    if (data.style == YAML_LITERAL_SCALAR_STYLE || data.style == YAML_FOLDED_SCALAR_STYLE) {
      made.style = ScalarStyle::block;
      return &made;
    }
    if (data.style == YAML_SINGLE_QUOTED_SCALAR_STYLE || data.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
      made.style = ScalarStyle::quoted;
      ++made.begin;
      --made.end;
    }
    made.verbatim = file_.text.compare(made.begin, made.end - made.begin, made.value) == 0;
    return &made;
  }

  // The event begins with its anchor and tag; the scalar's own bytes come after them.
  void skip_properties(Node& made) const {
    const std::string& text = file_.text;
    const std::string blank = " \t\r\n";
    std::size_t at = made.begin;
    while (at < made.end) {
      if (blank.find(text[at]) != std::string::npos) {
        ++at;
      } else if (text[at] == '#') {
        at = std::min(text.find('\n', at), made.end);
      } else if (text[at] == '&' || text[at] == '!') {
        at = std::min(text.find_first_of(blank, at), made.end);
      } else {
        break;
      }
    }
    made.begin = at;
  }

  YamlFile& file_;
  ByteOffsets offsets_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool has_event_ = false;
  std::map<std::string, const Node*> anchors_;
};

bool is_merge_key(const Node& key) {
  return key.is(NodeKind::scalar) && key.value == "<<" && key.style == ScalarStyle::plain;
}

// The mappings that a `<<` names, one or a list.
std::vector<const Node*> merged(const Node& value) {
  if (value.is(NodeKind::mapping)) return {&value};
  return value.items;
}

void collect_entries(const Node& mapping, int depth,
                     std::vector<std::pair<const Node*, const Node*>>& result) {
  if (depth > kDeepest) return;
  for (const auto& entry : mapping.entries) {
    const auto same_key = [&](const auto& other) { return other.first->value == entry.first->value; };
    if (is_merge_key(*entry.first) || std::any_of(result.begin(), result.end(), same_key)) continue;
    result.push_back(entry);
  }
  for (const auto& [key, value] : mapping.entries) {
    if (!is_merge_key(*key)) continue;
    for (const Node* other : merged(*value)) collect_entries(*other, depth + 1, result);
  }
}

const Node* find_key(const YamlFile& file, const Node& mapping, const std::string& key, int depth) {
  if (depth > kDeepest) return nullptr;
  const Node* found = nullptr;
  for (const auto& [name, value] : mapping.entries) {
    if (!name->is(NodeKind::scalar) || name->value != key) continue;
    if (found != nullptr) {
      throw refusal(fmt::format("could not determine which \"{}\" counts: {}:{} has the key twice\n{}",
                                printable(key), file.path, name->line, excerpt(file, *name)),
                    "remove one of the two");
    }
    found = value;
  }
  for (auto entry = mapping.entries.begin(); found == nullptr && entry != mapping.entries.end(); ++entry) {
    if (!is_merge_key(*entry->first)) continue;
    for (const Node* other : merged(*entry->second)) {
      if (found == nullptr) found = find_key(file, *other, key, depth + 1);
    }
  }
  return found;
}

}  // namespace

bool Node::is_null() const {
  return kind == NodeKind::scalar && style == ScalarStyle::plain &&
         (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL");
}

YamlFile parse_yaml(std::string path, std::string text) {
  YamlFile file;
  file.path = std::move(path);
  file.text = std::move(text);
  Parser(file).run();
  return file;
}

const Node* find_key(const YamlFile& file, const Node& mapping, const std::string& key) {
  return find_key(file, mapping, key, 0);
}

std::vector<std::pair<const Node*, const Node*>> all_entries(const Node& mapping) {
  std::vector<std::pair<const Node*, const Node*>> result;
  collect_entries(mapping, 0, result);
  return result;
}

int line_of(const std::string& text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return static_cast<int>(std::count(text.begin(), end, '\n')) + 1;
}

}  // namespace pgupgrade::compose
