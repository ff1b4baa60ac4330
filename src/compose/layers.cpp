#include "compose/layers.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "pgupgrade/compose/editor.hpp"

namespace pgupgrade::compose {

namespace {

// Compose refuses cycles itself; this only keeps us from following one.
constexpr int kDeepest = 50;

std::string normal(const std::filesystem::path& path) {
  return path.lexically_normal().string();
}

std::vector<const Node*> scalars_of(const Node& node) {
  if (node.is(NodeKind::scalar)) return {&node};
  return node.items;
}

// What one entry of `include:` names: a path, or a mapping with one path or several.
std::vector<const Node*> included_by(const YamlFile& file, const Node& entry) {
  if (entry.is(NodeKind::scalar)) return {&entry};
  if (!entry.is(NodeKind::mapping)) return {};
  const Node* path = find_key(file, entry, "path");
  return path == nullptr ? std::vector<const Node*>{} : scalars_of(*path);
}

std::vector<const Node*> includes_of(const YamlFile& file, const Node& top) {
  std::vector<const Node*> result;
  const Node* include = find_key(file, top, "include");
  if (include == nullptr) return result;
  for (const Node* entry : include->is(NodeKind::sequence) ? include->items : std::vector{include}) {
    for (const Node* scalar : included_by(file, *entry)) {
      if (scalar->is(NodeKind::scalar)) result.push_back(scalar);
    }
  }
  return result;
}

const Node* mapping_at(const YamlFile& file, const Node* node, const std::string& key) {
  if (node == nullptr || !node->is(NodeKind::mapping)) return nullptr;
  const Node* found = find_key(file, *node, key);
  return found != nullptr && found->is(NodeKind::mapping) ? found : nullptr;
}

std::map<std::string, YamlFile> parse_all(const Sources& sources) {
  std::map<std::string, YamlFile> result;
  for (const std::string& path : sources.compose_files) {
    const auto text = sources.texts.find(path);
    if (text != sources.texts.end()) result.emplace(normal(path), parse_yaml(path, text->second));
  }
  return result;
}

std::vector<Assignment> parse_env_files(const Sources& sources) {
  std::vector<Assignment> result;
  for (const std::string& path : sources.env_files) {
    const auto text = sources.texts.find(path);
    if (text == sources.texts.end()) continue;
    for (Assignment& assignment : parse_dotenv(path, text->second)) result.push_back(std::move(assignment));
  }
  return result;
}

}  // namespace

std::vector<Reference> references_of(const YamlFile& file) {
  std::vector<Reference> result;
  for (const Node* top : file.documents) {
    if (!top->is(NodeKind::mapping)) continue;
    for (const Node* scalar : includes_of(file, *top)) result.push_back({Reference::Kind::include, scalar});
    const Node* services = mapping_at(file, top, "services");
    if (services == nullptr) continue;
    for (const auto& [name, service] : all_entries(*services)) {
      const Node* extends = mapping_at(file, service, "extends");
      const Node* base = extends == nullptr ? nullptr : find_key(file, *extends, "file");
      if (base != nullptr && base->is(NodeKind::scalar)) result.push_back({Reference::Kind::extends, base});
    }
  }
  return result;
}

std::vector<std::string> env_files_of(const YamlFile& file, const Node& service) {
  std::vector<std::string> result;
  const Node* named = find_key(file, service, "env_file");
  if (named == nullptr) return result;
  for (const Node* entry : named->is(NodeKind::sequence) ? named->items : std::vector{named})
    for (const Node* scalar : included_by(file, *entry))
      if (scalar->is(NodeKind::scalar) && !scalar->is_null()) result.push_back(scalar->value);
  return result;
}

Files::Files(const Sources& sources)
    : files_(parse_all(sources)), variables_(sources.environment, parse_env_files(sources)) {
  if (sources.given_files > 0) {
    for (std::size_t i = 0; i < std::min(sources.given_files, sources.compose_files.size()); ++i) {
      roots_.push_back(normal(sources.compose_files[i]));
    }
    return;
  }
  if (sources.compose_files.empty()) return;
  roots_.push_back(normal(sources.compose_files.front()));
  std::set<std::string> referenced;
  for (const auto& [path, file] : files_) {
    for (const Reference& reference : references_of(file)) {
      if (auto found = resolve(path, text_of(variables_.expand(file, *reference.scalar))))
        referenced.insert(*found);
    }
  }
  for (std::size_t i = 1; i < sources.compose_files.size(); ++i) {
    const std::string path = normal(sources.compose_files[i]);
    if (referenced.count(path) == 0) roots_.push_back(path);
  }
}

// Compose takes the paths in a -f file from the project's directory, that of the first -f file, and those in
// another file from that file's own.
std::optional<std::string> Files::resolve(const std::string& from, const std::string& written) const {
  const bool is_root = std::find(roots_.begin(), roots_.end(), from) != roots_.end();
  for (const std::string& base : {is_root ? roots_.front() : from, from}) {
    const std::string path = normal(std::filesystem::path(base).parent_path() / written);
    if (files_.count(path) != 0) return path;
  }
  return std::nullopt;
}

void Files::add_top_levels(const std::string& path, int depth, std::vector<Layer>& result) const {
  const auto found = files_.find(path);
  if (depth > kDeepest || found == files_.end()) return;
  const YamlFile& file = found->second;
  for (auto top = file.documents.rbegin(); top != file.documents.rend(); ++top) {
    if (!(*top)->is(NodeKind::mapping)) continue;
    result.push_back({&file, *top, {}});
    const auto included = includes_of(file, **top);
    for (auto scalar = included.rbegin(); scalar != included.rend(); ++scalar) {
      if (auto next = resolve(path, text_of(variables_.expand(file, **scalar)))) {
        add_top_levels(*next, depth + 1, result);
      }
    }
  }
}

std::vector<Layer> Files::top_levels() const {
  std::vector<Layer> result;
  for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) add_top_levels(*root, 0, result);
  return result;
}

std::vector<std::string> Files::services() const {
  std::set<std::string> result;
  for (const Layer& top : top_levels()) {
    const Node* services = mapping_at(*top.file, top.mapping, "services");
    if (services == nullptr) continue;
    for (const auto& [name, service] : all_entries(*services)) result.insert(name->value);
  }
  return {result.begin(), result.end()};
}

std::vector<Layer> Files::layers(const std::string& service) const {
  std::vector<Layer> result;
  for (const Layer& top : top_levels()) add_service(top, service, 0, result);
  return result;
}

void Files::add_service(const Layer& top, const std::string& service, int depth,
                        std::vector<Layer>& result) const {
  const Node* services = mapping_at(*top.file, top.mapping, "services");
  const Node* own = services == nullptr ? nullptr : mapping_at(*top.file, services, service);
  if (own == nullptr || depth > kDeepest) return;
  const Layer layer{top.file, own, {}};
  result.push_back(layer);
  if (const Node* extends = find_key(*top.file, *own, "extends"))
    add_extended(layer, top, *extends, depth, result);
}

void Files::add_extended(const Layer& own, const Layer& top, const Node& extends, int depth,
                         std::vector<Layer>& result) const {
  const YamlFile& file = *own.file;
  if (extends.is(NodeKind::scalar)) {
    if (!extends.is_null()) add_service(top, text_of(variables_.expand(file, extends)), depth + 1, result);
    return;
  }
  if (!extends.is(NodeKind::mapping)) return;
  const Node* name = find_key(file, extends, "service");
  if (name == nullptr || !name->is(NodeKind::scalar)) return;
  const std::string service = text_of(variables_.expand(file, *name));
  const Node* written = find_key(file, extends, "file");
  if (written == nullptr || !written->is(NodeKind::scalar)) {
    add_service(top, service, depth + 1, result);
    return;
  }
  const std::string path = text_of(variables_.expand(file, *written));
  const auto found = resolve(normal(file.path), path);
  if (!found) {
    result.push_back({&file, nullptr, path});
    return;
  }
  const YamlFile& base = files_.at(*found);
  for (auto document = base.documents.rbegin(); document != base.documents.rend(); ++document) {
    add_service({&base, *document, {}}, service, depth + 1, result);
  }
}

}  // namespace pgupgrade::compose
