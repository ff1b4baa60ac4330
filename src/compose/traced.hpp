#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "compose/dotenv.hpp"
#include "compose/yaml.hpp"

namespace pgupgrade::compose {

// Compose's interpolation, with a memory: which bytes of which file each part of a value comes from.

enum class Origin {
  literal,   // written in the scalar itself
  fallback,  // the default of a `${VAR:-…}`
  env_file,  // the value of a variable in an env file
  shell,     // the value of a variable of the shell: no bytes of the project
  fixed,     // no one-to-one bytes (an escape)
  whole,     // a scalar with escapes or folds: its bytes can only be replaced all at once
};

struct Piece {
  std::string text;
  Origin origin = Origin::literal;
  std::string file;
  std::size_t offset = 0;  // bytes from the file's start
  std::size_t length = 0;  // bytes; differs from text.size() for `whole` alone
  std::string variable;    // the innermost that the piece comes through; empty for a literal
};

using Traced = std::vector<Piece>;
std::string text_of(const Traced& pieces);

// What variables mean in a project: the shell's outrank the env files, of which the last one wins.
class Variables {
 public:
  Variables(std::map<std::string, std::string> shell, std::vector<Assignment> assignments)
      : shell_(std::move(shell)), assignments_(std::move(assignments)) {}

  // A scalar's value as Compose reads it. A variable that is not set is empty, as in Compose.
  // Throws E-COMPOSE-EDIT that names file and line for what is not an interpolation.
  Traced expand(const YamlFile& file, const Node& scalar) const;

 private:
  struct Place {
    std::string file;
    std::size_t offset = 0;
    Origin origin = Origin::literal;
    std::string variable;
    std::size_t known = 0;  // only so many assignments are visible: an env file sees the lines before
    int line = 0;           // of the scalar or assignment, for messages
    const YamlFile* source = nullptr;  // with `scalar`, to show the place; nothing for an env file
    const Node* scalar = nullptr;
  };
  [[noreturn]] static void refuse(std::string_view written, const Place& place);
  void expand(std::string_view text, const Place& place, Traced& result) const;
  std::size_t expand_dollar(std::string_view text, std::size_t at, const Place& place, Traced& result) const;
  void expand_braces(std::string_view inner, const Place& place, Traced& result) const;
  bool lookup(const std::string& name, std::size_t known, Traced& result) const;

  std::map<std::string, std::string> shell_;
  std::vector<Assignment> assignments_;
};

}  // namespace pgupgrade::compose
