#include "upgrade/clients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::upgrade {
namespace {

std::optional<docker::ContainerInfo> find(World& world, const ClientFacts& client) {
  if (auto info = world.engine.inspect_container(client.container_id)) return info;
  return world.engine.inspect_container(client.container_name);
}

void stop_one(StepContext& context, const docker::ContainerInfo& info) {
  hold_restart_policy(context, info.id, info.auto_remove);
  if (!info.running()) return;
  context.world.engine.stop_container(info.id, info.stop_timeout);
}

}  // namespace

void hold_restart_policy(StepContext& context, const std::string& container, bool auto_remove) {
  // A container that removes itself has no restart policy, and the engine refuses to give it one.
  if (!auto_remove) context.world.engine.set_restart_policy(container, {});
}

bool restart_policy_held(StepContext& context, const std::string& container) {
  const auto info = context.world.engine.inspect_container(container);
  return !info || info->auto_remove || info->restart.name == "no" || info->restart.name.empty();
}

void give_back_restart_policy(StepContext& context, const TargetPlan& target, const std::string& container) {
  const auto info = context.world.engine.inspect_container(container);
  if (info && !info->auto_remove && info->restart != target.restart) {
    context.world.engine.set_restart_policy(info->id, target.restart);
  }
}

void stop_clients(StepContext& context) {
  const auto& clients = context.plan().clients;
  bool first = true;
  for (auto client = clients.rbegin(); client != clients.rend(); ++client) {
    const auto info = find(context.world, *client);
    if (info) stop_one(context, *info);
    if (first) context.reach("one-stopped");
    first = false;
  }
}

bool clients_stopped(StepContext& context) {
  const auto& clients = context.plan().clients;
  return std::all_of(clients.begin(), clients.end(), [&](const ClientFacts& client) {
    const auto info = find(context.world, client);
    return !info || (!info->running() &&
                     (info->auto_remove || info->restart.name == "no" || info->restart.name.empty()));
  });
}

void start_clients(StepContext& context) {
  bool first = true;
  for (const ClientFacts& client : context.plan().clients) {
    const auto info = find(context.world, client);
    if (!info) {
      context.observer.message(Severity::warning,
                               fmt::format("container {} ({}) is gone; it was not started again",
                                           client.container_name, client.why));
      continue;
    }
    if (!info->auto_remove && info->restart != client.restart) {
      context.world.engine.set_restart_policy(info->id, client.restart);
    }
    if (client.running && !info->running()) context.world.engine.start_container(info->id);
    if (first) context.reach("one-started");
    first = false;
  }
}

bool clients_as_recorded(StepContext& context) {
  const auto& clients = context.plan().clients;
  return std::all_of(clients.begin(), clients.end(), [&](const ClientFacts& client) {
    const auto info = find(context.world, client);
    return !info ||
           ((info->auto_remove || info->restart == client.restart) && (!client.running || info->running()));
  });
}

}  // namespace pgupgrade::upgrade
