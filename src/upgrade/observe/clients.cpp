#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pgupgrade/base/text.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

std::string label(const docker::ContainerInfo& info, const char* name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string() : found->second;
}

// Every container of the service, however many it is scaled to.
void add_dependents(ServiceFacts& facts, World& world, const compose::Project& project) {
  for (const std::string& service : project.dependents_of(facts.service)) {
    const auto containers = world.engine.list_containers(
        {.labels = {{"com.docker.compose.project", facts.project}, {"com.docker.compose.service", service}}});
    for (const auto& container : containers) {
      if (const auto info = world.engine.inspect_container(container.id)) {
        add_client(facts, *info, "depends on " + facts.service);
      }
    }
  }
}

std::map<std::string, docker::ContainerInfo> containers_by_address(World& world) {
  std::map<std::string, docker::ContainerInfo> found;
  for (const auto& container : world.engine.list_containers({})) {
    if (container.state != "running" || container.labels.contains(kRunLabel)) continue;
    const auto info = world.engine.inspect_container(container.id);
    if (!info) continue;
    for (const auto& network : info->networks) {
      if (!network.ip_address.empty()) found.emplace(network.ip_address, *info);
      if (!network.ip6_address.empty()) found.emplace(network.ip6_address, *info);
    }
  }
  return found;
}

void add_connected(ServiceFacts& facts, World& world) {
  const auto by_address = containers_by_address(world);
  for (const ConnectionFacts& connection : facts.inventory->connections) {
    std::string address = connection.client_address;
    if (const auto slash = address.find('/'); slash != std::string::npos) address.resize(slash);
    const auto found = by_address.find(address);
    if (found != by_address.end()) {
      add_client(facts, found->second, "connected as " + printable(connection.role));
      continue;
    }
    const std::string who = fmt::format(
        "{} as {} from {}", connection.application.empty() ? "a client" : printable(connection.application),
        printable(connection.role), address.empty() ? "the server's own socket" : address);
    if (std::find(facts.host_clients.begin(), facts.host_clients.end(), who) == facts.host_clients.end()) {
      facts.host_clients.push_back(who);
    }
  }
}

}  // namespace

void add_client(ServiceFacts& facts, const docker::ContainerInfo& info, const std::string& why) {
  if (info.id == facts.container_id) return;
  for (ClientFacts& client : facts.clients) {
    if (client.container_id != info.id) continue;
    if (client.why.find(why) == std::string::npos) client.why += ", " + why;
    return;
  }
  facts.clients.push_back({.container_id = info.id,
                           .container_name = info.name,
                           .project = label(info, "com.docker.compose.project"),
                           .service = label(info, "com.docker.compose.service"),
                           .running = info.running(),
                           .restart = info.restart,
                           .why = why});
}

void observe_clients(ServiceFacts& facts, World& world, const compose::Project& project) {
  add_dependents(facts, world, project);
  if (facts.inventory) add_connected(facts, world);
}

}  // namespace pgupgrade::upgrade
