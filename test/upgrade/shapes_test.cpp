// What becomes of the files of each shape of project, held against its shape.txt to the byte. Write them anew
// with
//   PGUPGRADE_GOLDEN=write build/release/test/upgrade_test "[shapes]"
// and read the difference before it is committed.
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "support/catch.hpp"
#include "support/shapes.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

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

// Each line that changes, in all files: an edit is within its line.
std::string differences(const Shape& shape, const Texts& before, const Texts& after) {
  std::string result;
  for (const auto& [path, text] : before) {
    const auto old_lines = lines_of(text);
    const auto new_lines = lines_of(after.at(path));
    REQUIRE(old_lines.size() == new_lines.size());
    for (std::size_t i = 0; i < old_lines.size(); ++i)
      if (old_lines[i] != new_lines[i])
        result += fmt::format("{}:{}\n-{}\n+{}\n", fs::relative(path, shape.directory).string(), i + 1,
                              visible(old_lines[i]), visible(new_lines[i]));
  }
  return result.empty() ? "nothing\n" : result;
}

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

std::string outcome(const Shape& shape) {
  if (shape.new_image().empty()) return "refused: the tag names no version\n";
  try {
    const auto sources = compose::read_sources(shape.location(), shape.shell());
    return differences(shape, sources.texts, edited(shape, sources));
  } catch (const Error& error) {
    const std::string message = error.what();
    return without(fmt::format("refused: {} ({})\n", message.substr(0, message.find('\n')), error.hint()),
                   shape.directory.string() + "/");
  }
}

}  // namespace

TEST_CASE("the files of each shape of project are edited to the byte as its shape.txt says", "[shapes]") {
  for (const Shape& shape : all_shapes()) {
    INFO(shape.name + ", written anew as the head of shapes_test.cpp says, would differ");
    const std::string actual = outcome(shape);
    if (::getenv("PGUPGRADE_GOLDEN") != nullptr) write_edits(shape, actual);
    CHECK(actual == shape.edits);
  }
}

TEST_CASE("there are shapes of sixty kinds and more, each with its own explanation", "[shapes]") {
  std::vector<std::string> explanations;
  for (const Shape& shape : all_shapes()) {
    CAPTURE(shape.name);
    CHECK(!shape.field("what").empty());
    CHECK(!shape.edits.empty());
    explanations.push_back(shape.field("what"));
  }
  std::sort(explanations.begin(), explanations.end());
  CHECK(std::adjacent_find(explanations.begin(), explanations.end()) == explanations.end());
  CHECK(explanations.size() >= 60);
}

}  // namespace pgupgrade::test
