#include "support/world/compose.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::test {
namespace {

struct Parsed {
  compose::Project project;
  std::map<std::string, std::string> restart;  // service -> policy
};

std::string after(std::string_view line, std::string_view key) {
  return std::string(trim(line.substr(line.find(key) + key.size())));
}

void read_line(const std::string& line, std::string& section, compose::Service& service,
               std::string& restart) {
  const std::string text(trim(line));
  if (text.starts_with("image: ")) service.image = after(text, "image: ");
  if (text.starts_with("build: ")) {
    service.has_build = true;
    service.dockerfile = after(text, "build: ") + "/Dockerfile";
  }
  if (text.starts_with("restart: ")) restart = after(text, "restart: ");
  if (text == "environment:" || text == "volumes:" || text == "depends_on:") {
    section = text;
  } else if (!line.starts_with("      ")) {
    section.clear();
  } else if (section == "environment:") {
    service.environment[text.substr(0, text.find(": "))] = after(text, ": ");
  } else if (section == "depends_on:") {
    service.depends_on.push_back({.service = text.substr(2), .condition = "service_started"});
  } else if (section == "volumes:") {
    const auto colon = text.find(':');
    const std::string source = text.substr(2, colon - 2);
    service.mounts.push_back({.type = source.starts_with("/") ? "bind" : "volume",
                              .source = source,
                              .target = text.substr(colon + 1)});
  }
}

Parsed parse(const std::string& text, const std::string& project) {
  Parsed parsed;
  parsed.project.name = project;
  std::string block;
  std::string section;
  compose::Service* service = nullptr;
  for (const std::string& line : split_lines(text)) {
    if (!line.empty() && line.front() != ' ' && line.front() != '#') block = line;
    if (block == "volumes:" && line.starts_with("  ")) {
      const std::string key(trim(line.substr(0, line.find(':'))));
      parsed.project.volumes[key] = project + "_" + key;
    }
    if (block != "services:" || !line.starts_with("  ")) continue;
    if (line[2] != ' ' && line[2] != '#') {
      std::string name(trim(line.substr(0, line.find(':'))));
      std::erase(name, '"');
      service = &parsed.project.services[name];
      service->name = name;
      section.clear();
    } else if (service != nullptr) {
      read_line(line, section, *service, parsed.restart[service->name]);
    }
  }
  return parsed;
}

// {"services": {"db": {"image": "…", "environment": {"PGDATA": "…"}}}}
void override_images(compose::Project& project, const std::string& text) {
  const auto document = json::parse(text, "the override");
  for (const auto& [name, service] : document.at("services").as_object()) {
    compose::Service& changed = project.services.at(std::string(name));
    changed.image = service.at("image").as_string().c_str();
    const auto* environment = service.as_object().if_contains("environment");
    if (environment == nullptr) continue;
    for (const auto& [variable, value] : environment->as_object())
      changed.environment[std::string(variable)] = value.as_string().c_str();
  }
}

std::string config_hash(const compose::Service& service, const std::string& restart) {
  std::string text = service.image + "|" + restart;
  for (const auto& mount : service.mounts) text += "|" + mount.source + ":" + mount.target;
  for (const auto& [name, value] : service.environment) text += "|" + name + "=" + value;
  return sha256_hex(text);
}

}  // namespace

compose::Project SimulatedCompose::load(const ProjectLocation& location) {
  return load_with(location, {});
}

compose::Project SimulatedCompose::load_with(const ProjectLocation& location,
                                             const std::map<std::string, std::string>& contents) {
  if (!contents.empty()) ++proofs;
  const std::string file = location.files.front().string();
  const auto other = contents.find(file);
  compose::Project project =
      parse(other == contents.end() ? read_file(file) : other->second, project_).project;
  for (std::size_t i = 1; i < location.files.size(); ++i)
    override_images(project, read_file(location.files[i]));
  return project;
}

std::string SimulatedCompose::make(const ProjectLocation& location, const std::string& service,
                                   const compose::Service& declared, const std::string& restart,
                                   const std::string& name) {
  std::vector<std::string> files;
  for (const auto& file : location.files) files.push_back(file.string());
  docker::ContainerSpec spec;
  spec.name = name;
  spec.image = declared.image;
  for (const auto& [variable, value] : declared.environment)
    spec.environment.push_back(variable + "=" + value);
  spec.labels = {{"com.docker.compose.project", project_},
                 {"com.docker.compose.service", service},
                 {"com.docker.compose.oneoff", "False"},
                 {"com.docker.compose.project.config_files", join(files, ",")},
                 {"com.docker.compose.config-hash", config_hash(declared, restart)}};
  for (const auto& mount : declared.mounts) {
    const bool bind = mount.type == "bind";
    spec.mounts.push_back({.kind = bind ? MountKind::bind : MountKind::volume,
                           .source = bind ? mount.source : project_ + "_" + mount.source,
                           .target = mount.target});
  }
  const std::string id = engine_.create_container(spec);
  engine_.at(id).info.restart.name = restart.empty() ? "no" : restart;
  engine_.at(id).info.network_mode = project_ + "_default";
  engine_.at(id).address = addresses[service];
  return id;
}

// Like Compose: what is as declared stays, what is not is replaced. A missing image is pulled. Gives the
// container's id.
std::string SimulatedCompose::make_as_declared(const ProjectLocation& location, const std::string& service) {
  Parsed parsed = parse(read_file(location.files.front()), project_);
  for (std::size_t i = 1; i < location.files.size(); ++i)
    override_images(parsed.project, read_file(location.files[i]));
  const compose::Service& declared = parsed.project.services.at(service);
  if (!engine_.inspect_image(declared.image) && engine_.registry.contains(declared.image))
    engine_.pull_image(declared.image, {});
  const auto image = engine_.inspect_image(declared.image);
  if (!image) {
    throw Error(ErrorKind::failed, "E-COMPOSE-UP",
                "could not start service " + service + ": no image " + declared.image);
  }
  const std::string name = fmt::format("{}-{}-1", project_, service);
  const auto existing = engine_.inspect_container(name);
  const std::string restart = parsed.restart[service];
  constexpr std::string_view kOf = "container:";
  const bool lost_network = existing && existing->network_mode.starts_with(kOf) &&
                            !engine_.inspect_container(existing->network_mode.substr(kOf.size()));
  if (existing && !lost_network &&
      existing->labels.at("com.docker.compose.config-hash") == config_hash(declared, restart) &&
      existing->image_id == image->id) {
    return existing->id;
  }
  if (existing) {
    engine_.stop_container(existing->id, std::chrono::seconds(10));
    engine_.remove_container(existing->id);
  }
  return make(location, service, declared, restart, name);
}

void SimulatedCompose::refuse_where_broken() const {
  if (!problem.empty())
    throw Error(ErrorKind::failed, "E-COMPOSE-UP", "could not start it through Compose: " + problem);
}

void SimulatedCompose::up(const ProjectLocation& location, const std::vector<std::string>& services,
                          std::chrono::milliseconds) {
  refuse_where_broken();
  if (on_change) on_change("up " + join(services, " "));
  for (const std::string& service : services) engine_.start_container(make_as_declared(location, service));
}

void SimulatedCompose::create(const ProjectLocation& location, const std::vector<std::string>& services,
                              std::chrono::milliseconds) {
  refuse_where_broken();
  if (on_change) on_change("create " + join(services, " "));
  for (const std::string& service : services) make_as_declared(location, service);
}

}  // namespace pgupgrade::test
