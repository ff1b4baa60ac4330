#include "pgupgrade/compose/editor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compose/excerpt.hpp"
#include "compose/find_variable.hpp"
#include "compose/fit.hpp"
#include "compose/layers.hpp"
#include "compose/refusal.hpp"
#include "compose/snapshot.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

// A change of one value of one service, and the words to speak of it.
struct Task {
  std::string what;  // "the image of service \"db\""
  std::string service;
  std::string field;  // below the service
  std::vector<std::string> companions;
  std::string wanted;  // what the scalar shall read
  std::string pgdata;  // what PGDATA may read along with it
};

// The scalar that really gives a value.
struct Found {
  const YamlFile* file = nullptr;
  const Node* scalar = nullptr;
};

std::string place(const YamlFile& file, const Node& node) {
  return fmt::format("{}:{}", file.path, node.line);
}

Error cannot_change(const Task& task, const std::string& reason, std::string hint) {
  return refusal(fmt::format("cannot change {}: {}", task.what, reason), std::move(hint));
}

// The same of a place, which is shown below it.
Error cannot_change_at(const Task& task, const YamlFile& file, const Node& node, const std::string& reason,
                       std::string hint) {
  return cannot_change(task, reason + "\n" + excerpt(file, node), std::move(hint));
}

std::vector<Layer> layers_of(const Files& files, const Task& task) {
  auto result = files.layers(task.service);
  if (result.empty()) {
    throw cannot_change(task, "no compose file declares the service",
                        "specify the file that declares it with --compose");
  }
  return result;
}

void require_present(const Task& task, const Layer& layer) {
  if (layer.mapping != nullptr) return;
  throw cannot_change(
      task, fmt::format("{} extends {}, which was not read", layer.file->path, printable(layer.missing)),
      "name a local file under extends, or write the value into the service itself");
}

// A `!reset` takes back what weaker layers say, an `!override` hides it.
bool ends_search(const Node& node) {
  return node.tag == "!reset" || node.tag == "!override";
}

void require_single_line(const Task& task, const Found& found) {
  if (!found.scalar->is(NodeKind::scalar)) {
    throw cannot_change_at(task, *found.file, *found.scalar,
                           place(*found.file, *found.scalar) + " is not a text", "write it as one text");
  }
  if (found.scalar->style == ScalarStyle::block) {
    throw cannot_change_at(task, *found.file, *found.scalar,
                           place(*found.file, *found.scalar) + " is a block scalar", "write it on one line");
  }
}

// The key `build` itself.
std::optional<Found> find_build(const std::vector<Layer>& layers) {
  for (const Layer& layer : layers) {
    if (layer.mapping == nullptr) continue;
    const Node* build = find_key(*layer.file, *layer.mapping, "build");
    if (build != nullptr && build->tag == "!reset") return std::nullopt;
    if (build == nullptr || build->is_null()) continue;
    for (const auto& [key, value] : all_entries(*layer.mapping))
      if (value == build) return Found{layer.file, key};
  }
  return std::nullopt;
}

Found find_image(const Files& files, const Task& task) {
  const auto layers = layers_of(files, task);
  std::optional<Found> found;
  if (const auto build = find_build(layers)) {
    throw cannot_change_at(task, *build->file, *build->scalar,
                           place(*build->file, *build->scalar) + " builds it",
                           "change the FROM line of its Dockerfile and build it, or name a ready image");
  }
  for (const Layer& layer : layers) {
    require_present(task, layer);
    const Node* image = find_key(*layer.file, *layer.mapping, "image");
    if (image != nullptr && ends_search(*image)) break;
    if (image == nullptr || image->is_null()) continue;
    found = Found{layer.file, image};
    break;
  }
  if (!found) {
    throw cannot_change_at(task, *layers.front().file, *layers.front().mapping,
                           fmt::format("{} names none", place(*layers.front().file, *layers.front().mapping)),
                           "write an image into the service");
  }
  require_single_line(task, *found);
  return *found;
}

std::string without_last_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// The target within `[source:]target[:mode]`.
struct Span {
  std::size_t begin = 0;
  std::size_t length = 0;
};
Span target_in(const std::string& text) {
  const auto first = text.find(':');
  if (first == std::string::npos) return {0, text.size()};
  const auto second = std::min(text.find(':', first + 1), text.size());
  return {first + 1, second - first - 1};
}

// A mount's scalar, and the text that it shall read.
struct FoundMount {
  Found found;
  std::string wanted;
};

std::optional<FoundMount> match_mount(const Files& files, const YamlFile& file, const Node& entry,
                                      const MountChange& change) {
  const Node* scalar = entry.is(NodeKind::mapping) ? find_key(file, entry, "target") : &entry;
  if (scalar == nullptr || !scalar->is(NodeKind::scalar)) return std::nullopt;
  std::string text = text_of(files.variables().expand(file, *scalar));
  const Span span = entry.is(NodeKind::mapping) ? Span{0, text.size()} : target_in(text);
  const std::string target = text.substr(span.begin, span.length);
  if (without_last_slashes(target) != without_last_slashes(change.old_target)) return std::nullopt;
  return FoundMount{{&file, scalar}, text.replace(span.begin, span.length, change.new_target)};
}

FoundMount find_mount(const Files& files, const Task& task, const MountChange& change) {
  const auto layers = layers_of(files, task);
  for (const Layer& layer : layers) {
    require_present(task, layer);
    const Node* volumes = find_key(*layer.file, *layer.mapping, "volumes");
    if (volumes == nullptr) continue;
    // The last entry of a target is the one that Compose keeps.
    for (auto item = volumes->items.rbegin(); item != volumes->items.rend(); ++item) {
      if (auto match = match_mount(files, *layer.file, **item, change)) {
        require_single_line(task, match->found);
        return *match;
      }
    }
    if (ends_search(*volumes)) break;
  }
  throw cannot_change_at(
      task, *layers.front().file, *layers.front().mapping,
      fmt::format("{} mounts nothing there", place(*layers.front().file, *layers.front().mapping)),
      fmt::format("mount a volume at {} in the service", change.new_target));
}

[[noreturn]] void refuse_fit(const Task& task, const Found& found, const Fit& fit) {
  const YamlFile& file = *found.file;
  const Node& scalar = *found.scalar;
  const std::string where = place(file, scalar);
  switch (fit.obstacle) {
    case Obstacle::shell:
      throw cannot_change_at(
          task, file, scalar,
          fmt::format("variable {} of the shell's environment decides what {} reads", fit.variable, where),
          fmt::format("unset {0} in the shell and set it in the .env file", fit.variable));
    case Obstacle::fixed:
      throw cannot_change_at(task, file, scalar, fmt::format("{} is written with escapes", where),
                             "write it without escapes");
    default:
      throw cannot_change_at(
          task, file, scalar,
          fmt::format("{} puts \"{}\" together from several places that \"{}\" does not fit", where,
                      printable(found.scalar->value), printable(task.wanted)),
          "write it as one text or as one variable");
  }
}

Sources with_edits(const Sources& sources, const std::vector<FileEdit>& edits) {
  Sources result = sources;
  for (auto& [path, text] : result.texts) {
    std::vector<FileEdit> own;
    std::copy_if(edits.begin(), edits.end(), std::back_inserter(own),
                 [&path = path](const FileEdit& edit) { return edit.file == path; });
    if (!own.empty()) text = apply_edits(text, own);
  }
  return result;
}

bool is_welcome(const Task& task, const Reading& before, const Reading& after) {
  const bool companion =
      std::find(task.companions.begin(), task.companions.end(), before.service) != task.companions.end();
  if (before.service.empty() || (before.service != task.service && !companion)) return false;
  if (before.field == task.field && (companion || after.value == task.wanted)) return true;
  if (before.field == "environment" && !task.pgdata.empty() &&
      (after.value == "PGDATA=" + task.pgdata ||
       (before.path.ends_with(".PGDATA") && after.value == task.pgdata)))
    return true;
  if (before.field == "labels" || before.field == "annotations") return true;
  // A path that moves with the version would leave the data behind.
  return before.field == "environment" && before.value.find('/') == std::string::npos &&
         after.value.find('/') == std::string::npos;
}

std::string hint_for(const Task& task, const Reading& other) {
  std::string own = fmt::format("give {} a text or a variable of its own", task.what);
  if (other.service.empty() || other.service == task.service) return own;
  return fmt::format("{}, or upgrade service \"{}\" in the same run", own, other.service);
}

// Reads the project again with the edits made, and refuses whatever else they would change.
void check_consequences(const Task& task, const Sources& sources, const Files& before,
                        const std::vector<FileEdit>& edits) {
  const Files after(with_edits(sources, edits));
  const auto old_readings = read_all(before);
  const auto new_readings = read_all(after);
  const FileEdit& first = edits.front();
  const std::string shown =
      excerpt(first.file, sources.texts.at(first.file), first.offset, first.old_text.size());
  for (std::size_t i = 0; i < old_readings.size(); ++i) {
    if (i >= new_readings.size() || old_readings[i].path != new_readings[i].path) {
      throw cannot_change(task,
                          fmt::format("an edit of {}:{} would change the file's structure\n{}", first.file,
                                      first.line, shown),
                          "write it as a plain text on one line");
    }
    const Reading& reading = old_readings[i];
    if (reading.value == new_readings[i].value || is_welcome(task, reading, new_readings[i])) continue;
    throw cannot_change(task,
                        fmt::format("an edit of {}:{} would also change {}\n{}", first.file, first.line,
                                    printable(reading.path), shown),
                        hint_for(task, reading));
  }
}

// The line, and what of it is shown around the edit: its own key and value. Another key that is on the same
// line may hold a secret.
void place_on_line(FileEdit& edit, const std::string& text) {
  edit.line = line_of(text, edit.offset);
  std::size_t begin = edit.offset;
  while (begin > 0 && std::string_view("\n\r,{[").find(text[begin - 1]) == std::string_view::npos) --begin;
  while (begin < edit.offset && std::string_view(" \t-").find(text[begin]) != std::string_view::npos) ++begin;
  edit.before = text.substr(begin, edit.offset - begin);
  const std::size_t end = std::min(text.size(), edit.offset + edit.old_text.size());
  edit.after = text.substr(end, std::min(text.find_first_of(" \t\r\n,}]", end), text.size()) - end);
}

std::vector<FileEdit> finish(const Task& task, const Sources& sources, const Files& files, const Found& found,
                             Fit fit) {
  if (fit.obstacle != Obstacle::none) refuse_fit(task, found, fit);
  for (FileEdit& edit : fit.edits) {
    const std::string& text = sources.texts.at(edit.file);
    // A text with escapes is replaced as it is written, not as it reads.
    if (found.file->path == edit.file && edit.offset == found.scalar->begin && !found.scalar->verbatim) {
      edit.old_text = text.substr(found.scalar->begin, found.scalar->end - found.scalar->begin);
    }
    place_on_line(edit, text);
  }
  if (!fit.edits.empty()) check_consequences(task, sources, files, fit.edits);
  return fit.edits;
}

}  // namespace

std::vector<FileEdit> propose_image_edit(const Sources& sources, const ImageChange& change) {
  if (change.old_image == change.new_image) return {};
  const Task task{fmt::format("the image of service \"{}\"", printable(change.service)),
                  change.service,
                  "image",
                  change.companions,
                  change.new_image,
                  change.new_pgdata};
  const Files files(sources);
  const Found found = find_image(files, task);
  const Traced pieces = files.variables().expand(*found.file, *found.scalar);
  if (const std::string read = text_of(pieces); read != change.old_image) {
    throw cannot_change_at(
        task, *found.file, *found.scalar,
        fmt::format("{} reads \"{}\", but Compose says \"{}\"", place(*found.file, *found.scalar),
                    printable(read), printable(change.old_image)),
        "pass all files and env files that Compose uses for the project");
  }
  return finish(task, sources, files, found, fit_image(pieces, change.new_image));
}

std::vector<FileEdit> propose_mount_edit(const Sources& sources, const MountChange& change) {
  if (without_last_slashes(change.old_target) == without_last_slashes(change.new_target)) return {};
  Task task{fmt::format("the mount at {} of service \"{}\"", printable(change.old_target),
                        printable(change.service)),
            change.service,
            "volumes",
            change.companions,
            {},
            {}};
  const Files files(sources);
  const FoundMount mount = find_mount(files, task, change);
  task.wanted = mount.wanted;
  const Traced pieces = files.variables().expand(*mount.found.file, *mount.found.scalar);
  return finish(task, sources, files, mount.found, fit_text(pieces, mount.wanted));
}

std::vector<FileEdit> propose_variable_edit(const Sources& sources, const VariableChange& change) {
  Task task{fmt::format("{} of service \"{}\"", change.name, printable(change.service)),
            change.service,
            "environment",
            change.companions,
            change.new_value,
            {}};
  const Files files(sources);
  const auto layers = layers_of(files, task);
  for (const Layer& layer : layers) require_present(task, layer);
  const auto found = find_variable(sources, files, layers, change.name);
  if (!found)
    throw cannot_change(
        task, fmt::format("{} does not give it", place(*layers.front().file, *layers.front().mapping)),
        "write it into the service");
  const VariablePlace& variable = *found;
  const std::string read = text_of(variable.pieces).substr(variable.prefix.size());
  if (read == change.new_value) return {};
  if (read != change.old_value) {
    throw cannot_change(task,
                        fmt::format("{} reads \"{}\", but Compose says \"{}\"", variable.where,
                                    printable(read), printable(change.old_value)),
                        "pass all files and env files that Compose uses for the project");
  }
  task.wanted = variable.prefix + change.new_value;
  Fit fit = fit_text(variable.pieces, task.wanted);
  if (variable.scalar != nullptr) {
    const Found scalar{variable.file, variable.scalar};
    require_single_line(task, scalar);
    return finish(task, sources, files, scalar, std::move(fit));
  }
  if (fit.obstacle != Obstacle::none)
    throw cannot_change(task, fmt::format("{} puts it together", variable.where), "write it as one text");
  for (FileEdit& edit : fit.edits) place_on_line(edit, sources.texts.at(edit.file));
  return fit.edits;
}

std::string apply_edits(const std::string& text, const std::vector<FileEdit>& edits) {
  std::vector<FileEdit> sorted = edits;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::string result;
  std::size_t at = 0;
  for (const FileEdit& edit : sorted) {
    if (edit.offset < at || edit.offset > text.size() ||
        text.compare(edit.offset, edit.old_text.size(), edit.old_text) != 0) {
      throw Error(ErrorKind::refused, "E-COMPOSE-DRIFT",
                  fmt::format("cannot edit {}:{}: \"{}\" no longer stands there", edit.file, edit.line,
                              printable(edit.old_text)),
                  "undo what was changed in the file since the plan was made");
    }
    result.append(text, at, edit.offset - at).append(edit.new_text);
    at = edit.offset + edit.old_text.size();
  }
  return result.append(text, at, std::string::npos);
}

std::vector<std::string> referenced_files(const std::string& compose_text) {
  const YamlFile file = parse_yaml("the compose file", compose_text);
  std::vector<std::string> result;
  for (const Reference& reference : references_of(file)) {
    const std::string& path = reference.scalar->value;
    if (std::find(result.begin(), result.end(), path) == result.end()) result.push_back(path);
  }
  return result;
}

std::vector<std::string> service_env_files(const std::string& compose_text) {
  const YamlFile file = parse_yaml("the compose file", compose_text);
  std::vector<std::string> result;
  for (const Node* top : file.documents) {
    const Node* services = top->is(NodeKind::mapping) ? find_key(file, *top, "services") : nullptr;
    if (services == nullptr || !services->is(NodeKind::mapping)) continue;
    for (const auto& [name, service] : all_entries(*services)) {
      if (!service->is(NodeKind::mapping)) continue;
      const auto own = env_files_of(file, *service);
      result.insert(result.end(), own.begin(), own.end());
    }
  }
  return result;
}

std::optional<std::string> build_place(const Sources& sources, const std::string& service) {
  const Files files(sources);
  const auto build = find_build(files.layers(service));
  return build ? std::optional(place(*build->file, *build->scalar)) : std::nullopt;
}

}  // namespace pgupgrade::compose
