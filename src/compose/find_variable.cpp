#include "compose/find_variable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace pgupgrade::compose {

namespace {

std::optional<VariablePlace> in_environment(const Files& files, const Layer& layer, const std::string& name) {
  const Node* environment = find_key(*layer.file, *layer.mapping, "environment");
  if (environment == nullptr) return std::nullopt;
  const auto result = [&](const Node& scalar, const std::string& prefix) {
    VariablePlace place{.file = layer.file,
                        .scalar = &scalar,
                        .where = fmt::format("{}:{}", layer.file->path, scalar.line),
                        .prefix = prefix};
    if (scalar.is(NodeKind::scalar)) place.pieces = files.variables().expand(*layer.file, scalar);
    return place;
  };
  if (environment->is(NodeKind::mapping)) {
    const Node* value = find_key(*layer.file, *environment, name);
    return value == nullptr || value->is_null() ? std::nullopt : std::optional(result(*value, ""));
  }
  for (auto item = environment->items.rbegin(); item != environment->items.rend(); ++item) {
    if ((*item)->is(NodeKind::scalar) && (*item)->value.starts_with(name + "="))
      return result(**item, name + "=");
  }
  return std::nullopt;
}

// What a line puts together of other variables is left to the user.
std::optional<VariablePlace> in_env_file(const Sources& sources, const std::string& from,
                                         const std::string& written, const std::string& name) {
  namespace fs = std::filesystem;
  for (const std::string& base : {sources.compose_files.front(), from}) {
    const std::string path = (fs::path(base).parent_path() / written).lexically_normal().string();
    const auto text = sources.texts.find(path);
    if (text == sources.texts.end()) continue;
    const auto lines = parse_dotenv(path, text->second);
    const auto line = std::find_if(lines.rbegin(), lines.rend(),
                                   [&](const Assignment& assignment) { return assignment.name == name; });
    if (line == lines.rend()) return std::nullopt;
    const bool plain = line->verbatim && (!line->interpolated || line->value.find('$') == std::string::npos);
    const Piece piece{
        line->value, plain ? Origin::env_file : Origin::fixed, path, line->offset, line->value.size(), name};
    return VariablePlace{.where = fmt::format("{}:{}", path, line->line), .pieces = {piece}, .prefix = ""};
  }
  return std::nullopt;
}

}  // namespace

std::optional<VariablePlace> find_variable(const Sources& sources, const Files& files,
                                           const std::vector<Layer>& layers, const std::string& name) {
  for (const Layer& layer : layers)
    if (auto match = in_environment(files, layer, name)) return match;
  for (const Layer& layer : layers) {
    const auto written = env_files_of(*layer.file, *layer.mapping);
    for (auto file = written.rbegin(); file != written.rend(); ++file)
      if (auto match = in_env_file(sources, layer.file->path, *file, name)) return match;
  }
  return std::nullopt;
}

}  // namespace pgupgrade::compose
