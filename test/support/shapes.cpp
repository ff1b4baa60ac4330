#include "support/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/image_reference.hpp"
#include "support/paths.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

Shape read_shape(const fs::path& directory) {
  Shape shape{.name = directory.filename().string(), .directory = directory, .fields = {}, .edits = {}};
  const std::string text = read_file(directory / "shape.txt");
  const auto blank = text.find("\n\n");
  if (blank != std::string::npos) shape.edits = text.substr(blank + 2);
  for (const std::string& line : split_lines(text.substr(0, blank))) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) shape.fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return shape;
}

std::pair<std::string, std::string> both_sides(const std::string& text) {
  const auto arrow = text.find(" -> ");
  if (arrow == std::string::npos) return {};
  return {text.substr(0, arrow), text.substr(arrow + 4)};
}

Texts applied(const Texts& texts, const std::vector<FileEdit>& edits) {
  Texts result = texts;
  for (auto& [path, text] : result) {
    std::vector<FileEdit> own;
    for (const FileEdit& edit : edits)
      if (edit.file == path) own.push_back(edit);
    text = compose::apply_edits(text, own);
  }
  return result;
}

std::string visible(const std::string& line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) + "<CR>" : line;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  lines.push_back(text.substr(start));
  return lines;
}

}  // namespace

std::string Shape::field(const std::string& key) const {
  const auto found = fields.find(key);
  return found == fields.end() ? "" : found->second;
}

std::vector<std::string> Shape::list(const std::string& key) const {
  return split_list(field(key), ", ");
}

ProjectLocation Shape::location() const {
  ProjectLocation location;
  for (const std::string& file : list("files")) location.files.push_back(directory / file);
  if (location.files.empty()) location.files.push_back(directory / "docker-compose.yml");
  for (const std::string& file : list("env-files")) location.env_files.push_back(directory / file);
  location.profiles = list("profiles");
  return location;
}

Environment Shape::shell() const {
  const std::string variable = field("shell");
  const auto equals = variable.find('=');
  if (equals == std::string::npos) return {};
  return {{variable.substr(0, equals), variable.substr(equals + 1)}};
}

std::string Shape::new_image() const {
  if (const std::string given = field("new"); !given.empty()) return given;
  const auto old_image = planning::parse_image_reference(field("image"));
  const auto major = planning::major_in_tag(old_image.value().tag);
  const auto derived = major ? planning::retarget(*old_image, *major, std::stoi(field("to"))) : std::nullopt;
  return derived ? derived->text() : "";
}

std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  for (const auto& entry : fs::directory_iterator(source_directory() / "compose-fixtures" / "shapes"))
    shapes.push_back(read_shape(entry.path()));
  std::sort(shapes.begin(), shapes.end(),
            [](const Shape& one, const Shape& other) { return one.name < other.name; });
  return shapes;
}

Texts edited(const Shape& shape, const compose::Sources& sources) {
  const auto [old_pgdata, new_pgdata] = both_sides(shape.field("pgdata"));
  auto edits = compose::propose_image_edit(sources, {.service = shape.field("service"),
                                                     .old_image = shape.field("image"),
                                                     .new_image = shape.new_image(),
                                                     .companions = shape.list("along"),
                                                     .new_pgdata = new_pgdata});
  if (!new_pgdata.empty()) {
    const compose::VariableChange change{.service = shape.field("service"),
                                         .name = "PGDATA",
                                         .old_value = old_pgdata,
                                         .new_value = new_pgdata,
                                         .companions = shape.list("along")};
    compose::Sources edited = sources;
    edited.texts = applied(sources.texts, edits);
    if (!compose::propose_variable_edit(edited, change).empty()) {
      const auto own = compose::propose_variable_edit(sources, change);
      edits.insert(edits.end(), own.begin(), own.end());
    }
  }
  const auto [old_target, new_target] = both_sides(shape.field("mount"));
  if (!new_target.empty()) {
    const auto own = compose::propose_mount_edit(sources, {.service = shape.field("service"),
                                                           .old_target = old_target,
                                                           .new_target = new_target,
                                                           .companions = shape.list("along")});
    edits.insert(edits.end(), own.begin(), own.end());
  }
  return applied(sources.texts, edits);
}

std::string differences(const Texts& before, const Texts& after) {
  std::string result;
  for (const auto& [name, text] : before) {
    const auto old_lines = lines_of(text);
    const auto new_lines = lines_of(after.at(name));
    if (old_lines.size() != new_lines.size()) return name + " has another number of lines\n";
    for (std::size_t i = 0; i < old_lines.size(); ++i)
      if (old_lines[i] != new_lines[i])
        result += fmt::format("{}:{}\n-{}\n+{}\n", name, i + 1, visible(old_lines[i]), visible(new_lines[i]));
  }
  return result.empty() ? "nothing\n" : result;
}

void write_edits(const Shape& shape, const std::string& edits) {
  const fs::path file = shape.directory / "shape.txt";
  std::string head = read_file(file);
  head = head.substr(0, head.find("\n\n"));
  while (head.ends_with('\n')) head.pop_back();
  write_file_durably(file, head + "\n\n" + edits, 0644);
}

}  // namespace pgupgrade::test
