// What becomes of the files of each shape of project, held against its shape.txt to the byte. Write them anew
// with
//   PGUPGRADE_GOLDEN=write build/release/test/upgrade_test "[shapes]"
// and read the difference before it is committed.
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/compose/sources.hpp"
#include "support/catch.hpp"
#include "support/shapes.hpp"

namespace pgupgrade::test {
namespace {

namespace fs = std::filesystem;

Texts relative_to(const Shape& shape, const Texts& texts) {
  Texts result;
  for (const auto& [path, text] : texts) result[fs::relative(path, shape.directory).string()] = text;
  return result;
}

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

std::string outcome(const Shape& shape) {
  if (shape.new_image().empty()) return "refused: the tag names no version\n";
  try {
    const auto sources = compose::read_sources(shape.location(), shape.shell());
    return differences(relative_to(shape, sources.texts), relative_to(shape, edited(shape, sources)));
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
