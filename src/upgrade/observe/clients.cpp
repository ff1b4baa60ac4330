#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/observe/container_users.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

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

std::map<std::string, docker::ContainerInfo> by_address(const std::vector<docker::ContainerInfo>& all) {
  std::map<std::string, docker::ContainerInfo> found;
  for (const docker::ContainerInfo& info : all) {
    if (!info.running()) continue;
    for (const auto& network : info.networks) {
      if (!network.ip_address.empty()) found.emplace(network.ip_address, info);
      if (!network.ip6_address.empty()) found.emplace(network.ip6_address, info);
    }
  }
  return found;
}

void add_connected(ServiceFacts& facts, const std::vector<docker::ContainerInfo>& all) {
  const auto containers = by_address(all);
  for (const ConnectionFacts& connection : facts.inventory->connections) {
    std::string address = connection.client_address;
    if (const auto slash = address.find('/'); slash != std::string::npos) address.resize(slash);
    const auto found = containers.find(address);
    if (found != containers.end()) {
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

// Who connects for a moment now and then is seen by its environment alone.
void add_naming(ServiceFacts& facts, const std::vector<docker::ContainerInfo>& all,
                const docker::ContainerInfo& server) {
  for (const NamedBy& client : find_named_by(all, server)) {
    const bool known = std::any_of(facts.clients.begin(), facts.clients.end(), [&](const ClientFacts& other) {
      return other.container_id == client.container.id;
    });
    if (!known)
      add_client(facts, client.container, fmt::format("names it in {}", printable(client.variable)));
  }
}

// By its name, its image or what it runs. A program that an application happens to bring is none of this.
bool makes_dumps(const docker::ContainerInfo& info) {
  std::string text = info.name + " " + info.image_reference;
  for (const auto* words : {&info.entrypoint, &info.command})
    for (const std::string& word : *words) text += " " + word;
  text = lower(text);
  for (const char* word : {"backup", "pg_dump", "pg-dump", "pgdump"})
    if (text.find(word) != std::string::npos) return true;
  return false;
}

// The major version of the pg_dump in a running container, 0: there is none, or it does not say.
int dump_major(World& world, const std::string& container) {
  docker::ExecResult result;
  try {
    result = world.engine.exec(container, {"sh", "-c", "exec pg_dump --version"}, "");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    return 0;
  }
  constexpr std::string_view kBefore = "(PostgreSQL) ";
  const std::string& said = result.standard_output;
  const auto at = said.find(kBefore);
  int major = 0;
  if (result.exit_code == 0 && at != std::string::npos)
    std::from_chars(said.data() + at + kBefore.size(), said.data() + said.size(), major);
  return major;
}

void observe_dumpers(ServiceFacts& facts, World& world) {
  for (const ClientFacts& client : facts.clients) {
    if (!client.running) continue;
    const auto info = world.engine.inspect_container(client.container_id);
    if (!info || !makes_dumps(*info)) continue;
    if (const int major = dump_major(world, info->id); major > 0) facts.dumpers[info->name] = major;
  }
}

}  // namespace

std::string label_of(const docker::ContainerInfo& info, const std::string& name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string() : found->second;
}

void add_client(ServiceFacts& facts, const docker::ContainerInfo& info, const std::string& why) {
  if (info.id == facts.container_id) return;
  for (ClientFacts& client : facts.clients) {
    if (client.container_id != info.id) continue;
    if (client.why.find(why) == std::string::npos) client.why += ", " + why;
    return;
  }
  facts.clients.push_back({.container_id = info.id,
                           .container_name = info.name,
                           .project = label_of(info, "com.docker.compose.project"),
                           .service = label_of(info, "com.docker.compose.service"),
                           .running = info.running(),
                           .restart = info.restart,
                           .why = why});
}

void observe_clients(ServiceFacts& facts, World& world, const compose::Project& project,
                     const std::vector<docker::ContainerInfo>& all) {
  add_dependents(facts, world, project);
  if (facts.inventory) add_connected(facts, all);
  if (const auto server = world.engine.inspect_container(facts.container_id)) add_naming(facts, all, *server);
  observe_dumpers(facts, world);
}

}  // namespace pgupgrade::upgrade
