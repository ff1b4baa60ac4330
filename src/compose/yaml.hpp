#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace pgupgrade::compose {

// A YAML tree that knows where each scalar stands in the bytes of its file.

enum class NodeKind { scalar, sequence, mapping };
enum class ScalarStyle { plain, quoted, block };

struct Node {
  NodeKind kind = NodeKind::scalar;
  std::string tag;  // "!reset"; empty when none is written
  int line = 0;     // from 1

  // Scalars.
  std::string value;  // decoded; `begin` and `end` of a collection are both where it begins
  ScalarStyle style = ScalarStyle::plain;
  std::size_t begin = 0;  // bytes from the file's start, without quotes, anchor and tag
  std::size_t end = 0;
  bool verbatim = false;  // the bytes in [begin, end) are the value: no escape, no folding

  // Collections. An alias is the very node that it names.
  std::vector<const Node*> items;
  std::vector<std::pair<const Node*, const Node*>> entries;

  bool is_null() const;
  bool is(NodeKind asked) const { return kind == asked; }
};

struct YamlFile {
  std::string path;
  std::string text;
  std::vector<const Node*> documents;
  std::deque<Node> nodes;  // owns
};

// Throws E-COMPOSE-EDIT that names path and line, and shows the place, for what is no YAML, nested beyond
// reason, or not UTF-8.
YamlFile parse_yaml(std::string path, std::string text);

// The value of a key of a mapping: its own, else from the mappings that it merges (<<), the first that has
// it. Nullptr when there is none. Throws E-COMPOSE-EDIT when the key stands twice.
const Node* find_key(const YamlFile& file, const Node& mapping, const std::string& key);

// All entries of a mapping, those that it merges included.
std::vector<std::pair<const Node*, const Node*>> all_entries(const Node& mapping);

// The line of a byte, from 1.
int line_of(const std::string& text, std::size_t offset);

}  // namespace pgupgrade::compose
