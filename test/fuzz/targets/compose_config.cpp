#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "compose/config_json.hpp"
#include "fuzz/targets.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade::test::fuzz {

namespace {

std::string output_of(const compose::Project& project) {
  std::string text = fmt::format("{} {} {}\n", project.name, project.volumes, project.secret_files);
  for (const auto& [name, service] : project.services) {
    text += fmt::format("{} {} {} {} {} {} {} {} {}\n", name, service.name, service.image, service.has_build,
                        service.environment, service.command, service.profiles, service.scale,
                        compose::looks_like_postgres(service));
    for (const auto& mount : service.mounts)
      text += fmt::format("{} {} {}\n", mount.type, mount.source, mount.target);
    for (const auto& needed : service.depends_on) text += needed.service + " " + needed.condition + "\n";
  }
  return text;
}

void check_dependents(const compose::Project& project, const std::string& name) {
  const auto dependents = project.dependents_of(name);
  hold(dependents.size() <= project.services.size(), "a service depends on another once");
  for (const std::string& dependent : dependents)
    hold(project.services.contains(dependent), "what depends on a service is a service");
}

}  // namespace

void try_compose_config(std::string_view input) {
  compose::Project project;
  if (!refusal({"E-JSON"}, [&] { project = compose::project_from_config(input); }).empty()) return;
  const std::string spaced = json::pretty(json::parse(input, "the input"));
  hold(output_of(compose::project_from_config(spaced)) == output_of(project), "white space means nothing");
  for (const auto& [name, service] : project.services) {
    hold(name == service.name, "a service has the name of its key");
    check_dependents(project, name);
  }
}

}  // namespace pgupgrade::test::fuzz
