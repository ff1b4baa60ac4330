#include "upgrade/clients/clients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/side_by_side.hpp"
#include "pgupgrade/base/wait.hpp"
#include "upgrade/run/site.hpp"
#include "upgrade/sandbox/service_container.hpp"

namespace pgupgrade::upgrade {
namespace {

std::optional<docker::ContainerInfo> find(World& world, const ClientFacts& client) {
  if (auto info = world.engine.inspect_container(client.container_id)) return info;
  return find_by_name(world, client.container_name);
}

// Of a container that had the network of one that is gone, the old server's: the engine cannot start it any
// more.
bool has_lost_its_network(World& world, const docker::ContainerInfo& info) {
  constexpr std::string_view kOf = "container:";
  return info.network_mode.starts_with(kOf) &&
         !world.engine.inspect_container(info.network_mode.substr(kOf.size()));
}

void warn_of_lost_network(StepContext& context, const ClientFacts& client, const std::string& why) {
  context.warn(
      "W-CLIENT-NETWORK",
      fmt::format("container {} ({}) had the network of a server's container that was replaced, and could "
                  "not be made again: {}",
                  client.container_name, client.why, why));
}

// In the network of the container that the server has now. What fails here leaves the server as it is.
void make_again(StepContext& context, const ClientFacts& client) {
  try {
    site_of(context.plan()).make_client(context, client);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    warn_of_lost_network(context, client, error.what());
  }
}

// One that has been told to end, and until when it may take.
struct Ending {
  std::string container;
  std::chrono::milliseconds deadline;
};

// Never for a container whose grace period has no end.
std::chrono::milliseconds deadline_of(const World& world, const docker::ContainerInfo& info) {
  if (info.stop_timeout.count() < 0) return std::chrono::milliseconds::max();
  return world.clock.monotonic() + info.stop_timeout;
}

void finish_ending(StepContext& context, const Ending& ending) {
  const World& world = context.world;
  const bool endless = ending.deadline == std::chrono::milliseconds::max();
  const auto left = ending.deadline - world.clock.monotonic();
  const Patience patience{.most = endless ? std::chrono::hours(24 * 365) : left,
                          .between_looks = std::chrono::milliseconds(100)};
  const bool ended = wait_until(world.clock, world.cancellation, patience, [&] {
    const auto info = world.engine.inspect_container(ending.container);
    return !info || !info->running();
  });
  if (!ended) world.engine.stop_container(ending.container, std::chrono::seconds(0));  // the engine kills
}

void finish_endings(StepContext& context, const std::vector<Ending>& endings) {
  bool first = true;
  for (const Ending& ending : endings) {
    finish_ending(context, ending);
    if (first) context.reach("one-stopped");
    first = false;
  }
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
  std::vector<Ending> endings;
  std::vector<docker::ContainerInfo> deaf;
  for (auto client = clients.rbegin(); client != clients.rend(); ++client) {
    const auto info = find(context.world, *client);
    if (!info) continue;
    hold_restart_policy(context, info->id, info->auto_remove);
    if (!info->running()) continue;
    // One that is paused or about to be restarted takes no signal, but the engine knows how to stop it.
    if (info->status != docker::ContainerStatus::running) {
      deaf.push_back(*info);
      continue;
    }
    context.world.engine.signal_container(info->id, info->stop_signal);
    endings.push_back({.container = info->id, .deadline = deadline_of(context.world, *info)});
    if (endings.size() == 1) context.reach("one-told");
  }
  // Whose time ends first is seen to first, so that nobody's time ends while another is waited for.
  std::stable_sort(endings.begin(), endings.end(),
                   [](const Ending& a, const Ending& b) { return a.deadline < b.deadline; });
  const int at_once = context.world.at_once == 1 ? 1 : static_cast<int>(deaf.size()) + 1;
  side_by_side(deaf.size() + 1, at_once, [&](std::size_t index) {
    if (index == 0) return finish_endings(context, endings);
    const docker::ContainerInfo& info = deaf[index - 1];
    context.world.engine.stop_container(info.id, info.stop_timeout);
  });
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
      context.warn("W-CLIENT-GONE", fmt::format("container {} ({}) is gone; it was not started again",
                                                client.container_name, client.why));
      continue;
    }
    if (!info->running() && has_lost_its_network(context.world, *info)) {
      make_again(context, client);
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
