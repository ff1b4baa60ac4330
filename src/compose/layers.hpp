#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/traced.hpp"
#include "compose/yaml.hpp"
#include "pgupgrade/compose/editor.hpp"

namespace pgupgrade::compose {

// One mapping that says something about a service. `missing` instead, when it stands in a file that is not
// among the sources.
struct Layer {
  const YamlFile* file = nullptr;
  const Node* mapping = nullptr;
  std::string missing;
};

// The files of a project, read the way Compose stacks them.
class Files {
 public:
  // Throws E-COMPOSE-EDIT for a file that is no YAML.
  explicit Files(const Sources& sources);
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  // All that is said about a service, the strongest first: a later -f file before an earlier, a service
  // before what it extends, a file before what it includes.
  std::vector<Layer> layers(const std::string& service) const;

  // The services of the project, without those that serve only as a base in other files.
  std::vector<std::string> services() const;

  // The top level mappings of the -f files and of what they include, the strongest first.
  std::vector<Layer> top_levels() const;

  const Variables& variables() const { return variables_; }

 private:
  void add_top_levels(const std::string& path, int depth, std::vector<Layer>& result) const;
  void add_service(const Layer& top, const std::string& service, int depth, std::vector<Layer>& result) const;
  void add_extended(const Layer& own, const Layer& top, const Node& extends, int depth,
                    std::vector<Layer>& result) const;
  std::optional<std::string> resolve(const std::string& from, const std::string& written) const;

  std::map<std::string, YamlFile> files_;
  std::vector<std::string> roots_;
  Variables variables_;
};

// The paths that an `include:` or an `extends:` names, with the scalar that does.
struct Reference {
  enum class Kind { include, extends };
  Kind kind = Kind::include;
  const Node* scalar = nullptr;
};
std::vector<Reference> references_of(const YamlFile& file);

// The files that `env_file:` of a service names, as written, in order.
std::vector<std::string> env_files_of(const YamlFile& file, const Node& service);

}  // namespace pgupgrade::compose
