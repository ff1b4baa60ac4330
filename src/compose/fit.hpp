#pragma once

#include <string>
#include <vector>

#include "compose/traced.hpp"
#include "pgupgrade/model/facts.hpp"

namespace pgupgrade::compose {

// What keeps a value from being rewritten where it stands.
enum class Obstacle {
  none,
  shell,   // a part comes from the shell's variable `variable`
  fixed,   // a part is an escape
  spread,  // the new text does not fit the places that the old one comes from
};

struct Fit {
  std::vector<FileEdit> edits;  // empty with an obstacle; no lines yet
  Obstacle obstacle = Obstacle::none;
  std::string variable;
};

// The fewest bytes that make `pieces` read `wanted`, where one place (or the places of the tag and of the
// repository, when both are images) can take the change. Pure.
Fit fit_text(const Traced& pieces, const std::string& wanted);
Fit fit_image(const Traced& pieces, const std::string& wanted);

}  // namespace pgupgrade::compose
