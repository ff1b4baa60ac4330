#include "compose/snapshot.hpp"

#include <fmt/format.h>

#include <set>

#include "compose/refusal.hpp"

namespace pgupgrade::compose {

namespace {

constexpr std::size_t kMostReadings = 200'000;
constexpr int kDeepest = 150;

class Collector {
 public:
  explicit Collector(const Files& files) : files_(files) {}

  std::vector<Reading> run() {
    for (const std::string& service : files_.services()) {
      seen_.clear();
      for (const Layer& layer : files_.layers(service)) {
        if (layer.mapping == nullptr) continue;
        for (const auto& [key, value] : all_entries(*layer.mapping)) {
          walk(*layer.file, *value, {service, key->value, "services." + service + "." + key->value, {}}, 0);
        }
      }
    }
    seen_.clear();
    for (const Layer& top : files_.top_levels()) {
      for (const auto& [key, value] : all_entries(*top.mapping)) {
        // Extension fields mean nothing by themselves; include is followed, not read.
        if (key->value == "services" || key->value == "include" || key->value.compare(0, 2, "x-") == 0)
          continue;
        walk(*top.file, *value, {{}, key->value, key->value, {}}, 0);
      }
    }
    return std::move(readings_);
  }

 private:
  void walk(const YamlFile& file, const Node& node, Reading at, int depth) {
    if (++visited_ > kMostReadings || depth > kDeepest) {
      throw refusal(
          fmt::format("could not read {}: its aliases multiply beyond {} values", file.path, kMostReadings),
          "write the file with fewer nested aliases");
    }
    if (node.is(NodeKind::scalar)) {
      // A stronger layer's value hides this one, but lists add up.
      if (at.path.find('[') == std::string::npos && !seen_.insert(at.path).second) return;
      at.value = text_of(files_.variables().expand(file, node));
      readings_.push_back(std::move(at));
      return;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Reading next = at;
      next.path += fmt::format("[{}]", i);
      walk(file, *node.items[i], std::move(next), depth + 1);
    }
    for (const auto& [key, value] : all_entries(node)) {
      Reading next = at;
      next.path += "." + key->value;
      walk(file, *value, std::move(next), depth + 1);
    }
  }

  const Files& files_;
  std::size_t visited_ = 0;
  std::set<std::string> seen_;
  std::vector<Reading> readings_;
};

}  // namespace

namespace {

void add_shell_variables(const Files& files, const YamlFile& file, const Node& node,
                         std::set<std::string>& names, int depth) {
  if (depth > kDeepest) return;
  if (node.is(NodeKind::scalar)) {
    for (const Piece& piece : files.variables().expand(file, node))
      if (piece.origin == Origin::shell && !piece.variable.empty()) names.insert(piece.variable);
    return;
  }
  for (const auto& item : node.items) add_shell_variables(files, file, *item, names, depth + 1);
  for (const auto& [key, value] : all_entries(node))
    add_shell_variables(files, file, *value, names, depth + 1);
}

}  // namespace

std::vector<std::string> shell_variables(const Sources& sources, const std::string& service,
                                         const std::string& field) {
  const Files files(sources);
  std::set<std::string> names;
  for (const Layer& layer : files.layers(service)) {
    if (layer.mapping == nullptr) continue;
    if (const Node* node = find_key(*layer.file, *layer.mapping, field))
      add_shell_variables(files, *layer.file, *node, names, 0);
  }
  return {names.begin(), names.end()};
}

std::vector<Reading> read_all(const Files& files) {
  return Collector(files).run();
}

}  // namespace pgupgrade::compose
