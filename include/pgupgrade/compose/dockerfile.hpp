#pragma once

#include <optional>
#include <string>

namespace pgupgrade::compose {

struct DockerfileLine {
  int line = 0;      // from 1
  std::string text;  // without blanks around it
  bool operator==(const DockerfileLine&) const = default;
};

// The line of a Dockerfile that decides what the image of its last stage is made from: a FROM, or the ARG
// whose default such a FROM takes. Nothing when there is none.
std::optional<DockerfileLine> base_image_line(const std::string& dockerfile);

}  // namespace pgupgrade::compose
