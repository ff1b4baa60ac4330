#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compose/layers.hpp"

namespace pgupgrade::compose {

// What gives a variable to a service: a scalar of its `environment:`, or a line of a file of its `env_file:`.
struct VariablePlace {
  const YamlFile* file = nullptr;
  const Node* scalar = nullptr;  // nullptr: a line of an env file
  std::string where;             // "/srv/app/db.env:3"
  Traced pieces;
  std::string prefix;  // of what the pieces read: "PGDATA=" in a list
};

// The one that counts: `environment:` before `env_file:`, the stronger layer before the weaker, the last file
// and the last line before those above. Nothing when none of the sources gives it.
std::optional<VariablePlace> find_variable(const Sources& sources, const Files& files,
                                           const std::vector<Layer>& layers, const std::string& name);

}  // namespace pgupgrade::compose
