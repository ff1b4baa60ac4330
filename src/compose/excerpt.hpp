#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "compose/yaml.hpp"

namespace pgupgrade::compose {

// A place in a file as people look for it, to follow the first line of a message: path, line and column, the
// line itself, and a caret below what is meant.
//
//   --> docker-compose.yml:4:5
//     4 |     imag: postgres:15
//       |     ^^^^
//
// A line that may hold a password is not repeated. `length` is in bytes; the caret has one column at least.
std::string excerpt(const std::string& path, const std::string& text, std::size_t offset,
                    std::size_t length = 1);

// A scalar, or the beginning of what is none.
std::string excerpt(const YamlFile& file, const Node& node);

struct ReadFile {
  std::string path;
  std::string text;
};

// The place that Compose complains of in `message`, as an excerpt: where a file is no YAML, else the key that
// the message names ("services.db.image must be a string", "services.db additional properties 'imag' not
// allowed"). Nothing when it cannot be told.
std::optional<std::string> place_of_complaint(const std::vector<ReadFile>& files, const std::string& message);

}  // namespace pgupgrade::compose
