#include "pgupgrade/compose/dockerfile.hpp"

#include <map>
#include <sstream>
#include <vector>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::compose {

namespace {

struct Stage {
  DockerfileLine line;
  std::string image;
};

// FROM [--platform=…] IMAGE [AS NAME]
std::string image_in(std::istringstream& words) {
  std::string word;
  while (words >> word)
    if (!word.starts_with("--")) return word;
  return {};
}

// The first variable of an image's reference; empty: it has none.
std::string variable_in(const std::string& image) {
  const auto dollar = image.find('$');
  if (dollar == std::string::npos) return {};
  std::size_t begin = dollar + 1;
  if (begin < image.size() && image[begin] == '{') ++begin;
  std::size_t end = begin;
  while (end < image.size() &&
         (std::isalnum(static_cast<unsigned char>(image[end])) != 0 || image[end] == '_'))
    ++end;
  return image.substr(begin, end - begin);
}

}  // namespace

std::optional<DockerfileLine> base_image_line(const std::string& dockerfile) {
  std::map<std::string, DockerfileLine> defaults;  // of ARG before the first FROM
  std::map<std::string, Stage> stages;
  std::optional<Stage> last;
  int number = 0;
  for (const std::string& text : split_lines(dockerfile)) {
    ++number;
    const DockerfileLine line{.line = number, .text = std::string(trim(text))};
    std::istringstream words(line.text);
    std::string instruction;
    words >> instruction;
    instruction = lower(instruction);
    std::string argument;
    if (instruction == "arg" && !last && words >> argument)
      defaults[argument.substr(0, argument.find('='))] = line;
    if (instruction != "from") continue;
    Stage stage{.line = line, .image = image_in(words)};
    if (const auto base = stages.find(lower(stage.image)); base != stages.end()) stage = base->second;
    std::string as;
    std::string name;
    if (words >> as >> name && lower(as) == "as") stages[lower(name)] = stage;
    last = stage;
  }
  if (!last) return std::nullopt;
  const auto decided = defaults.find(variable_in(last->image));
  return decided == defaults.end() ? last->line : decided->second;
}

}  // namespace pgupgrade::compose
