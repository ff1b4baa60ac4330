#include "compose/config_json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "pgupgrade/base/json.hpp"

namespace pgupgrade::compose {

namespace {

namespace bj = boost::json;

std::string single_dollars(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') ++i;
  }
  return result;
}

// A scalar as the text that a container would see.
std::string scalar_text(const bj::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return single_dollars(value.get_string());
  return bj::serialize(value);
}

std::string text_of(const bj::object& object, std::string_view key) {
  const bj::value* found = json::find(object, key);
  return found == nullptr ? std::string() : scalar_text(*found);
}

std::string without_prefix(std::string path, const std::string& prefix) {
  if (!prefix.empty() && path.compare(0, prefix.size(), prefix) == 0) path.erase(0, prefix.size());
  return path;
}

// A map, or a list of KEY=value.
std::map<std::string, std::string> environment_of(const bj::object& service) {
  std::map<std::string, std::string> result;
  const bj::value* found = json::find(service, "environment");
  if (found == nullptr || found->is_null()) return result;
  if (const auto* list = found->if_array()) {
    for (const bj::value& item : *list) {
      const std::string text = scalar_text(item);
      const auto equals = text.find('=');
      if (equals != std::string::npos) result[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return result;
  }
  for (const auto& [name, value] : json::as_object(*found, "environment")) {
    if (!value.is_null()) result[std::string(name)] = scalar_text(value);
  }
  return result;
}

// A list, or one text.
std::vector<std::string> texts_of(const bj::object& object, std::string_view key) {
  std::vector<std::string> result;
  const bj::value* found = json::find(object, key);
  if (found == nullptr || found->is_null()) return result;
  if (!found->is_array()) return {scalar_text(*found)};
  for (const bj::value& item : found->get_array()) result.push_back(scalar_text(item));
  return result;
}

std::vector<Dependency> dependencies_of(const bj::object& service) {
  std::vector<Dependency> result;
  const bj::value* found = json::find(service, "depends_on");
  if (found == nullptr || found->is_null()) return result;
  if (const auto* list = found->if_array()) {
    for (const bj::value& item : *list) result.push_back({scalar_text(item), "service_started"});
    return result;
  }
  for (const auto& [name, value] : json::as_object(*found, "depends_on")) {
    const auto* details = value.if_object();
    result.push_back({std::string(name),
                      details == nullptr ? std::string("service_started")
                                         : json::get_string_or(*details, "condition", "service_started")});
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.service < b.service; });
  return result;
}

// `[source:]target[:mode]`, which older versions print as it stands.
ServiceMount mount_of_text(const std::string& text) {
  const auto first = text.find(':');
  if (first == std::string::npos) return {"volume", {}, text};
  const auto second = text.find(':', first + 1);
  const std::string source = text.substr(0, first);
  const bool is_path =
      !source.empty() && (source.front() == '/' || source.front() == '.' || source.front() == '~');
  return {is_path ? "bind" : "volume", source,
          text.substr(first + 1, second == std::string::npos ? second : second - first - 1)};
}

std::vector<ServiceMount> mounts_of(const bj::object& service, const std::string& prefix) {
  std::vector<ServiceMount> result;
  const bj::array* list = json::find_array(service, "volumes");
  if (list == nullptr) return result;
  for (const bj::value& item : *list) {
    const bool is_text = item.is_string();
    ServiceMount mount;
    if (is_text) {
      mount = mount_of_text(scalar_text(item));
    } else {
      const bj::object& object = json::as_object(item, "volumes");
      mount = {text_of(object, "type"), text_of(object, "source"), text_of(object, "target")};
    }
    mount.source = without_prefix(std::move(mount.source), prefix);
    result.push_back(std::move(mount));
  }
  return result;
}

int scale_of(const bj::object& service) {
  std::int64_t result = json::get_int_or(service, "scale", 1);
  if (const bj::object* deploy = json::find_object(service, "deploy")) {
    result = json::get_int_or(*deploy, "replicas", result);
  }
  return static_cast<int>(std::clamp<std::int64_t>(result, 0, std::numeric_limits<int>::max()));
}

std::string dockerfile_of(const bj::value* build, const std::string& prefix) {
  if (build == nullptr || build->is_null()) return {};
  std::string context = build->is_string() ? scalar_text(*build) : std::string();
  std::string file;
  if (const auto* object = build->if_object()) {
    context = text_of(*object, "context");
    file = text_of(*object, "dockerfile");
  }
  context = without_prefix(std::move(context), prefix);
  file = without_prefix(std::move(file), prefix);
  if (file.empty()) file = "Dockerfile";
  if (file.front() == '/') return file;
  return context.empty() || context.front() != '/' ? std::string() : context + "/" + file;
}

Service service_of(std::string name, const bj::object& object, const std::string& prefix) {
  const bj::value* build = json::find(object, "build");
  return {
      .name = std::move(name),
      .image = text_of(object, "image"),
      .has_build = build != nullptr && !build->is_null(),
      .dockerfile = dockerfile_of(build, prefix),
      .environment = environment_of(object),
      .command = texts_of(object, "command"),
      .profiles = texts_of(object, "profiles"),
      .depends_on = dependencies_of(object),
      .mounts = mounts_of(object, prefix),
      .scale = scale_of(object),
  };
}

}  // namespace

Project project_from_config(std::string_view json_text, const std::string& prefix) {
  const bj::value parsed = json::parse(json_text, "the output of docker compose config");
  const bj::object& top = json::as_object(parsed, "the output of docker compose config");
  Project project;
  project.name = json::get_string_or(top, "name", "");
  if (const bj::object* services = json::find_object(top, "services")) {
    for (const auto& [key, value] : *services) {
      const std::string name(key);
      project.services.emplace(name, service_of(name, json::as_object(value, "services." + name), prefix));
    }
  }
  if (const bj::object* volumes = json::find_object(top, "volumes")) {
    for (const auto& [key, value] : *volumes) {
      const auto* details = value.if_object();
      const std::string real = details == nullptr ? std::string() : text_of(*details, "name");
      project.volumes.emplace(key, real.empty() ? project.name + "_" + std::string(key) : real);
    }
  }
  if (const bj::object* secrets = json::find_object(top, "secrets")) {
    for (const auto& [key, value] : *secrets) {
      const auto* details = value.if_object();
      const std::string file = details == nullptr ? std::string() : text_of(*details, "file");
      if (!file.empty()) project.secret_files.emplace(key, without_prefix(file, prefix));
    }
  }
  return project;
}

}  // namespace pgupgrade::compose
