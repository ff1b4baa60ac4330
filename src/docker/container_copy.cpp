#include "docker/container_copy.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"

namespace pgupgrade::docker {
namespace {

namespace bj = boost::json;

bj::object copy_of(const bj::object& object, std::string_view key) {
  const bj::object* found = json::find_object(object, key);
  return found == nullptr ? bj::object() : *found;
}

bj::object required(const bj::object& object, const std::string& key) {
  if (json::find_object(object, key) == nullptr)
    throw Error(ErrorKind::failed, "E-JSON", "\"" + key + "\": expected an object");
  return copy_of(object, key);
}

void erase_null(bj::object& object) {
  for (auto member = object.begin(); member != object.end();)
    member = member->value().is_null() ? object.erase(member) : member + 1;
}

bool is_as_in(const bj::object& config, const bj::object& image, std::string_view key) {
  const bj::value* own = json::find(config, key);
  const bj::value* given = json::find(image, key);
  return own != nullptr && given != nullptr && *own == *given;
}

// Members that the image gives with the same value.
void erase_members_of(bj::object& config, const bj::object& image, std::string_view key) {
  const bj::object given = copy_of(image, key);
  bj::object own = copy_of(config, key);
  for (const auto& [name, value] : given) {
    const bj::value* found = own.if_contains(name);
    if (found != nullptr && *found == value) own.erase(name);
  }
  config[key] = std::move(own);
}

std::vector<std::string> own_environment(const bj::object& config, const bj::object& image,
                                         const std::map<std::string, std::string>& changes) {
  const std::vector<std::string> given = json::get_strings(image, "Env");
  std::vector<std::string> own;
  for (const std::string& line : json::get_strings(config, "Env")) {
    if (std::find(given.begin(), given.end(), line) != given.end()) continue;
    if (!changes.contains(line.substr(0, line.find('=')))) own.push_back(line);
  }
  for (const auto& [name, value] : changes) own.push_back(name + "=" + value);
  return own;
}

// What the user asked for, without what the image brought along.
bj::object own_config(const bj::object& container, const bj::object& image, const ContainerChanges& changes) {
  bj::object config = required(container, "Config");
  config["Env"] = json::from_strings(own_environment(config, image, changes.environment));
  for (const char* key : {"ExposedPorts", "Volumes", "Labels"}) erase_members_of(config, image, key);
  // With an entrypoint of its own a container has no command of the image's.
  const bool own_entrypoint =
      json::find(config, "Entrypoint") != nullptr && !is_as_in(config, image, "Entrypoint");
  for (const char* key : {"Cmd", "Entrypoint", "WorkingDir", "User", "StopSignal", "Healthcheck", "Shell"}) {
    if (own_entrypoint && std::string_view(key) == "Cmd") continue;
    if (is_as_in(config, image, key)) config.erase(key);
  }
  // The engine made it from the id.
  const std::string id = json::get_string(container, "Id");
  if (json::get_string_or(config, "Hostname", "") == id.substr(0, 12)) config.erase("Hostname");
  for (const char* key : {"OnBuild", "ArgsEscaped", "MacAddress"}) config.erase(key);
  erase_null(config);
  config["Image"] = changes.image;
  return config;
}

// As the engine tells where it is mounted: a path without what is of no meaning.
std::string clean(const std::string& path) {
  std::string result = std::filesystem::path(path).lexically_normal().string();
  while (result.size() > 1 && result.ends_with('/')) result.pop_back();
  return result;
}

std::string moved(const std::string& target, const ContainerChanges& changes) {
  const auto found = changes.mount_targets.find(target);
  return found == changes.mount_targets.end() ? target : found->second;
}

// "source:target" or "source:target:options".
std::string moved_bind(const std::string& bind, const ContainerChanges& changes,
                       std::set<std::string>& asked) {
  const auto from = bind.find(':');
  if (from == std::string::npos) return bind;
  const auto to = std::min(bind.find(':', from + 1), bind.size());
  const std::string target = clean(bind.substr(from + 1, to - from - 1));
  asked.insert(target);
  return bind.substr(0, from + 1) + moved(target, changes) + bind.substr(to);
}

// Volumes that nobody named are mounted by the names that the engine gave them.
void add_anonymous_volumes(const bj::object& container, bj::array& mounts, const std::set<std::string>& asked,
                           const ContainerChanges& changes) {
  const bj::array* there = json::find_array(container, "Mounts");
  if (there == nullptr) return;
  for (const bj::value& value : *there) {
    const bj::object& mount = json::as_object(value, "Mounts");
    if (json::get_string_or(mount, "Type", "") != "volume") continue;
    const std::string target = json::get_string(mount, "Destination");
    if (asked.contains(target)) continue;
    mounts.push_back(bj::object{{"Type", "volume"},
                                {"Source", json::get_string(mount, "Name")},
                                {"Target", moved(target, changes)},
                                {"ReadOnly", !json::get_bool_or(mount, "RW", true)}});
  }
}

bj::object own_host_config(const bj::object& container, const ContainerChanges& changes) {
  bj::object host = required(container, "HostConfig");
  host.erase("ContainerIDFile");
  erase_null(host);
  std::set<std::string> asked;
  bj::array binds;
  for (const std::string& bind : json::get_strings(host, "Binds"))
    binds.push_back(bj::string(moved_bind(bind, changes, asked)));
  bj::array mounts;
  if (const bj::array* given = json::find_array(host, "Mounts")) {
    for (const bj::value& value : *given) {
      bj::object mount = json::as_object(value, "HostConfig.Mounts");
      const std::string target = clean(json::get_string(mount, "Target"));
      asked.insert(target);
      mount["Target"] = moved(target, changes);
      mounts.push_back(std::move(mount));
    }
  }
  const bj::value* from = host.if_contains("VolumesFrom");
  if (from == nullptr || !from->is_array() || from->get_array().empty())
    add_anonymous_volumes(container, mounts, asked, changes);
  host["Binds"] = std::move(binds);
  host["Mounts"] = std::move(mounts);
  return host;
}

// As asked for: not the address that the engine chose, nor the name that it made of the id.
bj::object own_endpoint(const bj::object& endpoint, const std::string& id) {
  bj::object own;
  for (const char* key : {"IPAMConfig", "Links", "DriverOpts", "GwPriority"}) {
    const bj::value* value = json::find(endpoint, key);
    if (value != nullptr) own[key] = *value;
  }
  std::vector<std::string> aliases = json::get_strings(endpoint, "Aliases");
  std::erase(aliases, id.substr(0, 12));
  if (!aliases.empty()) own["Aliases"] = json::from_strings(aliases);
  return own;
}

bool has_networks(const std::string& mode) {
  return mode != "host" && mode != "none" && !mode.starts_with("container:");
}

}  // namespace

CopyRequest encode_copy(std::string_view container_text, std::string_view image_text,
                        const ContainerChanges& changes) {
  const bj::value container_value = json::parse(container_text, "the inspected container");
  const bj::value image_value = json::parse(image_text, "the inspected image");
  const bj::object& container = json::as_object(container_value, "container");
  const bj::object image = required(json::as_object(image_value, "image"), "Config");
  const std::string id = json::get_string(container, "Id");
  bj::object body = own_config(container, image, changes);
  bj::object host = own_host_config(container, changes);
  const std::string mode = json::get_string_or(host, "NetworkMode", "default");
  CopyRequest request;
  bj::object first;
  if (has_networks(mode)) {
    const bj::object networks = copy_of(copy_of(container, "NetworkSettings"), "Networks");
    for (const auto& [name, value] : networks) {
      const bj::object endpoint = own_endpoint(json::as_object(value, "Networks"), id);
      const bool is_first = std::string_view(name) == mode || networks.size() == 1;
      if (is_first)
        first[name] = endpoint;
      else
        request.networks.emplace_back(std::string(name), bj::serialize(endpoint));
    }
  } else {
    body.erase("Hostname");
    body.erase("Domainname");
  }
  body["HostConfig"] = std::move(host);
  if (!first.empty()) body["NetworkingConfig"] = bj::object{{"EndpointsConfig", std::move(first)}};
  request.body = bj::serialize(body);
  return request;
}

std::string encode_connection(std::string_view endpoint, const std::string& container) {
  return bj::serialize(bj::object{{"Container", container},
                                  {"EndpointConfig", json::parse(endpoint, "the network's endpoint")}});
}

std::string decode_image_id(std::string_view container) {
  const bj::value value = json::parse(container, "the inspected container");
  return json::get_string(json::as_object(value, "container"), "Image");
}

}  // namespace pgupgrade::docker
