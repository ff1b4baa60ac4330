#include "upgrade/observe/container_users.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "upgrade/run/names.hpp"

namespace pgupgrade::upgrade {
namespace {

// By which `other` reaches the server; empty when they share no network. On the default bridge containers
// have no names, but for links.
std::vector<std::string> names_for(const docker::ContainerInfo& server, const docker::ContainerInfo& other) {
  std::vector<std::string> names;
  for (const auto& network : server.networks) {
    const bool shared = std::any_of(other.networks.begin(), other.networks.end(),
                                    [&](const auto& own) { return own.network == network.network; });
    if (!shared) continue;
    if (!network.ip_address.empty()) names.push_back(network.ip_address);
    if (network.network == "bridge") continue;
    names.push_back(server.name);
    names.insert(names.end(), network.aliases.begin(), network.aliases.end());
  }
  return names;
}

bool ends_a_host(const std::string& text, std::size_t at) {
  return at >= text.size() || std::string_view(":/?,; '\"").find(text[at]) != std::string_view::npos;
}

bool begins_a_host(const std::string& text, std::size_t at) {
  if (at == 0) return false;
  const std::string_view before = std::string_view(text).substr(0, at);
  return before.ends_with('@') || before.ends_with("//") || before.ends_with("host=") ||
         before.ends_with("Host=") || before.ends_with("Server=") || before.ends_with(',');
}

// "db", "db:5432"; "postgres://app@db/shop", "host=db user=app".
bool names_host(const std::string& value, const std::string& name) {
  if (value == name) return true;
  for (std::size_t at = value.find(name); at != std::string::npos; at = value.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at == 0 && end < value.size() && value[end] == ':') return true;
    if (begins_a_host(value, at) && ends_a_host(value, end)) return true;
  }
  return false;
}

// A database or a user may be called like the server.
bool may_hold_host(const std::string& variable, const std::string& value) {
  if (value.find("://") != std::string::npos || lower(value).find("host=") != std::string::npos ||
      value.find("Server=") != std::string::npos)
    return true;
  const std::string name = lower(variable);
  for (const char* word : {"host", "server", "addr", "endpoint"})
    if (name.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace

std::vector<docker::ContainerInfo> look_at_containers(World& world) {
  std::vector<docker::ContainerInfo> result;
  for (const auto& container : world.engine.list_containers({})) {
    if (container.labels.contains(kRunLabel)) continue;
    if (auto info = world.engine.inspect_container(container.id)) result.push_back(std::move(*info));
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

std::vector<NamedBy> find_named_by(const std::vector<docker::ContainerInfo>& all,
                                   const docker::ContainerInfo& server) {
  std::vector<NamedBy> found;
  for (const docker::ContainerInfo& other : all) {
    if (other.id == server.id) continue;
    const std::vector<std::string> names = names_for(server, other);
    for (const std::string& line : other.environment) {
      const auto equals = line.find('=');
      if (equals == std::string::npos) continue;
      const std::string variable = line.substr(0, equals);
      const std::string value = line.substr(equals + 1);
      if (!may_hold_host(variable, value)) continue;
      if (std::none_of(names.begin(), names.end(),
                       [&](const std::string& name) { return names_host(value, name); }))
        continue;
      found.push_back({.container = other, .variable = variable});
      break;
    }
  }
  return found;
}

std::vector<std::string> find_bound(const std::vector<docker::ContainerInfo>& all,
                                    const docker::ContainerInfo& server) {
  std::vector<std::string> bound;
  constexpr std::string_view kOf = "container:";
  for (const docker::ContainerInfo& other : all) {
    if (other.id == server.id) continue;
    const std::string network =
        other.network_mode.starts_with(kOf) ? other.network_mode.substr(kOf.size()) : std::string();
    if (network == server.id || network == server.name)
      bound.push_back(fmt::format("{} (it has its network)", other.name));
    else if (std::find(other.links.begin(), other.links.end(), server.name) != other.links.end())
      bound.push_back(fmt::format("{} (by --link)", other.name));
  }
  return bound;
}

}  // namespace pgupgrade::upgrade
