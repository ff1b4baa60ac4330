#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/compose/editor.hpp"
#include "pgupgrade/model/request.hpp"

namespace pgupgrade::test {

using Texts = std::map<std::string, std::string>;  // path -> content

// A shape of project: a directory of compose-fixtures/shapes, whose shape.txt says what it is and, behind an
// empty line, what becomes of its files.
struct Shape {
  std::string name;
  std::filesystem::path directory;
  std::map<std::string, std::string> fields;  // as compose-fixtures/README.md has them
  std::string edits;                          // what shape.txt expects of the editor

  std::string field(const std::string& key) const;  // empty if there is none
  std::vector<std::string> list(const std::string& key) const;
  ProjectLocation location() const;
  Environment shell() const;
  // The one that is given, or that the old one's tag leads to; empty if it leads nowhere.
  std::string new_image() const;
};

std::vector<Shape> all_shapes();  // by name

// The texts with the edits of image, PGDATA and mount. Throws as the editor does.
Texts edited(const Shape& shape, const compose::Sources& sources);

// Each line that changes, as shape.txt has it: an edit is within its line.
std::string differences(const Texts& before, const Texts& after);

// Writes what is expected of the editor into shape.txt.
void write_edits(const Shape& shape, const std::string& edits);

}  // namespace pgupgrade::test
