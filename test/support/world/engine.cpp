#include "support/world/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

constexpr std::chrono::milliseconds kEnding{100};
constexpr std::string_view kOtherNetwork = "container:";

[[noreturn]] void refuse(Code code, const std::string& text) {
  throw Error(ErrorKind::failed, code, text);
}

bool restarts(const RestartPolicy& policy) {
  return policy.name == "always" || policy.name == "unless-stopped";
}

}  // namespace

std::string SimulatedEngine::stamp() const {
  return fmt::format("{:020}", clock_.unix_ms());
}

void SimulatedEngine::add_image(const std::string& reference, SimulatedImage image) {
  tags[reference] = image.info.id;
  images[image.info.id] = std::move(image);
}

SimulatedContainer* SimulatedEngine::find(const std::string& container) {
  for (auto& [id, candidate] : containers) {
    if (id == container || candidate.info.name == container) return &candidate;
  }
  // As the engine: the beginning of one id only.
  SimulatedContainer* found = nullptr;
  for (auto& [id, candidate] : containers) {
    if (container.empty() || !id.starts_with(container)) continue;
    if (found != nullptr) return nullptr;
    found = &candidate;
  }
  return found;
}

SimulatedContainer& SimulatedEngine::at(const std::string& container) {
  SimulatedContainer* found = find(container);
  if (found == nullptr) refuse("E-ENGINE", "could not find container " + container);
  return *found;
}

const SimulatedImage& SimulatedEngine::image_of(const SimulatedContainer& container) const {
  return images.at(container.info.image_id);
}

// A bind mount of the engine's own directory of volumes, or below it, shows the volumes.
SimulatedEngine::Place SimulatedEngine::place_of(const Mount& mount, const std::string& rest) {
  if (mount.kind == MountKind::volume)
    return {.tree = &volumes.at(mount.source).tree,
            .path = rest.empty() ? "." : rest,
            .read_only = mount.read_only};
  const std::string whole = rest.empty() ? mount.source : mount.source + "/" + rest;
  const std::string top = std::string(kVolumes) + "/";
  const std::size_t data = whole.find("/_data");
  if (whole.starts_with(top) && data != std::string::npos) {
    const auto volume = volumes.find(whole.substr(top.size(), data - top.size()));
    const std::size_t inner = data + std::string_view("/_data/").size();
    if (volume != volumes.end())
      return {.tree = &volume->second.tree,
              .path = inner < whole.size() ? whole.substr(inner) : ".",
              .read_only = mount.read_only};
  }
  return {.tree = &binds.try_emplace(mount.source, empty_tree()).first->second,
          .path = rest.empty() ? "." : rest,
          .read_only = mount.read_only};
}

SimulatedEngine::Place SimulatedEngine::resolve(SimulatedContainer& container, const std::string& path) {
  const Mount* best = nullptr;
  for (const Mount& mount : container.info.mounts) {
    const bool holds = path == mount.target || path.starts_with(mount.target + "/");
    if (holds && (best == nullptr || mount.target.size() > best->target.size())) best = &mount;
  }
  if (best == nullptr) return {.tree = &container.layer, .path = path.size() > 1 ? path.substr(1) : "."};
  return place_of(*best, path == best->target ? "" : path.substr(best->target.size() + 1));
}

SimulatedContainer* SimulatedEngine::server_at(const std::string& source) {
  for (auto& [id, container] : containers) {
    if (!container.server || !container.info.running()) continue;
    for (const Mount& mount : container.info.mounts) {
      if (mount.kind == MountKind::bind && mount.source == source) return &container;
    }
  }
  return nullptr;
}

// A policy brings back what ended without the engine having been asked to stop it.
void SimulatedEngine::finish(SimulatedContainer& container, int code, End end) {
  container.info.status = docker::ContainerStatus::exited;
  container.info.exit_code = code;
  container.info.networks.clear();
  container.info.loopback_port = 0;
  container.server.reset();
  container.ends_with.reset();
  container.stopping = false;
  if (end == End::by_itself && restarts(container.info.restart)) start_container(container.info.id);
}

void SimulatedEngine::end_running(SimulatedContainer& container, End end) {
  int code = container.ends_with.value_or(0);
  if (container.server) {
    shut_down_server(*this, container);
    if (on_server_stopped) on_server_stopped(container);
  }
  finish(container, code, end);
}

// What is about to end does so as time passes, whether it is waited for or only looked at.
void SimulatedEngine::settle(SimulatedContainer& container) {
  const bool ending = container.stopping || container.ends_with;
  if (container.info.running() && ending && clock_.monotonic() >= container.ends_at) {
    end_running(container, End::by_itself);
  }
}

void SimulatedEngine::kill_running(SimulatedContainer& container, End end) {
  if (container.server) kill_server(*this, container);
  finish(container, 137, end);
}

void SimulatedEngine::kill(const std::string& container) {
  kill_running(at(container), End::by_itself);
}

// A first process does not get the signals that it does not handle.
bool SimulatedEngine::heeds_signals(const SimulatedContainer& container) const {
  const std::string program = container.info.entrypoint.empty() ? "" : container.info.entrypoint.front();
  return program != "sleep" && !deaf.contains(container.info.name);
}

docker::EngineInfo SimulatedEngine::info() {
  return {.id = engine_id,
          .version = "28.5.2",
          .api_version = "1.51",
          .processors = 2,
          .memory_bytes = 4LL << 30};
}

std::optional<docker::ContainerInfo> SimulatedEngine::inspect_container(const std::string& container) {
  SimulatedContainer* found = find(container);
  if (found == nullptr) return std::nullopt;
  settle(*found);
  return found->info;
}

std::vector<docker::ContainerSummary> SimulatedEngine::list_containers(
    const docker::ContainerFilter& filter) {
  std::vector<docker::ContainerSummary> result;
  for (auto& [id, container] : containers) {
    settle(container);
    const auto& info = container.info;
    if (!has_labels(filter.labels, info.labels)) continue;
    if (!filter.name.empty() && info.name != filter.name) continue;
    if (!filter.volume.empty() &&
        std::none_of(info.mounts.begin(), info.mounts.end(), [&](const Mount& mount) {
          return mount.source == filter.volume || mount.target == filter.volume;
        })) {
      continue;
    }
    result.push_back({.id = id,
                      .name = info.name,
                      .image = info.image_reference,
                      .state = std::string(docker::state_name(info.status)),
                      .status = std::string(docker::state_name(info.status)),
                      .labels = info.labels});
  }
  return result;
}

std::string SimulatedEngine::create_container(const docker::ContainerSpec& spec) {
  const auto reserved = reserved_until.find(spec.name);
  const bool taken = reserved != reserved_until.end() && clock_.monotonic() < reserved->second;
  if (taken || has_name(spec.name)) {
    refuse("E-ENGINE-CONFLICT", fmt::format("could not create container {}: the name is in use", spec.name));
  }
  const auto image = inspect_image(spec.image);
  if (!image)
    refuse("E-ENGINE", fmt::format("could not create container {}: no image {}", spec.name, spec.image));
  SimulatedContainer container;
  container.info.id = fmt::format("{:064x}", ++counter_);
  container.info.name = spec.name;
  container.info.image_reference = spec.image;
  container.info.image_id = image->id;
  container.info.entrypoint = spec.entrypoint.empty() ? image->entrypoint : spec.entrypoint;
  container.info.command = spec.entrypoint.empty() && spec.command.empty() ? image->command : spec.command;
  container.info.environment = image->environment;
  for (const std::string& line : spec.environment) {
    std::erase_if(container.info.environment, [&](const std::string& old) {
      return old.starts_with(line.substr(0, line.find('=') + 1));
    });
    container.info.environment.push_back(line);
  }
  container.info.labels = spec.labels;
  container.info.user = spec.user;
  container.info.mounts = spec.mounts;
  container.info.shm_bytes = spec.shm_bytes;
  container.info.network_mode = spec.network.empty() ? "none" : spec.network;
  container.stop_signal = spec.stop_signal;
  container.pid_namespace = spec.pid_namespace;
  container.published_port = spec.published_port;
  container.layer = empty_tree();
  make_volumes(container, *image);
  const std::string id = container.info.id;
  containers[id] = std::move(container);
  if (on_created) on_created(containers[id]);
  return id;
}

std::string SimulatedEngine::create_like(const std::string& other, const std::string& name,
                                         const docker::ContainerChanges& changes) {
  const SimulatedContainer like = at(other);
  const docker::ImageInfo given = image_of(like).info;
  const auto own = [](const std::vector<std::string>& values, const std::vector<std::string>& of_image) {
    return values == of_image ? std::vector<std::string>() : values;
  };
  docker::ContainerSpec spec{.name = name,
                             .image = changes.image,
                             .entrypoint = own(like.info.entrypoint, given.entrypoint),
                             .command = own(like.info.command, given.command),
                             .labels = like.info.labels,
                             .user = like.info.user,
                             .mounts = like.info.mounts,
                             .shm_bytes = like.info.shm_bytes,
                             .stop_signal = like.stop_signal,
                             .network = like.info.network_mode,
                             .pid_namespace = like.pid_namespace};
  for (const std::string& line : like.info.environment)
    if (std::find(given.environment.begin(), given.environment.end(), line) == given.environment.end())
      spec.environment.push_back(line);
  for (const auto& [variable, value] : changes.environment)
    spec.environment.push_back(variable + "=" + value);
  for (Mount& mount : spec.mounts)
    if (const auto moved = changes.mount_targets.find(mount.target); moved != changes.mount_targets.end())
      mount.target = moved->second;
  const std::string id = create_container(spec);
  at(id).info.restart = like.info.restart;
  at(id).address = like.address;
  return id;
}

// Those that are mounted and not there yet; and one for each that the image declares and nothing is mounted
// at.
void SimulatedEngine::make_volumes(SimulatedContainer& container, const docker::ImageInfo& image) {
  auto& mounts = container.info.mounts;
  for (const std::string& path : image.volumes) {
    if (std::any_of(mounts.begin(), mounts.end(), [&](const Mount& mount) { return mount.target == path; }))
      continue;
    const std::string name = fmt::format("{:064x}", 0xa000000 + ++counter_);
    container.anonymous.insert(name);
    mounts.push_back({.kind = MountKind::volume, .source = name, .target = path});
  }
  for (const Mount& mount : mounts) {
    if (mount.kind == MountKind::volume && !volumes.contains(mount.source))
      create_volume({.name = mount.source});
  }
}

void SimulatedEngine::start_container(const std::string& name) {
  SimulatedContainer& container = at(name);
  if (container.info.running()) return;
  if (frozen.contains(container.info.name)) violations.push_back("client started: " + container.info.name);
  if (const auto& mode = container.info.network_mode; mode.starts_with(kOtherNetwork)) {
    const std::string other = mode.substr(kOtherNetwork.size());
    const SimulatedContainer* joined = find(other);
    if (joined == nullptr)
      refuse("E-ENGINE",
             fmt::format("could not start container {}: joining network namespace of container: No such "
                         "container: {}",
                         name, other));
    if (!joined->info.running())
      refuse("E-ENGINE-CONFLICT",
             fmt::format("could not start container {}: cannot join network namespace of a non running "
                         "container: container {} is {}",
                         name, joined->info.name, docker::state_name(joined->info.status)));
  }
  clock_.pause(std::chrono::milliseconds(1));
  const docker::ContainerInfo before = container.info;
  container.info.started_at = stamp();
  container.info.status = docker::ContainerStatus::running;
  container.info.exit_code.reset();
  if (container.published_port != 0) container.info.loopback_port = 49153;
  if (!container.address.empty()) {
    container.info.networks = {
        {.network = "shop_default", .ip_address = container.address, .ip6_address = {}}};
  }
  Outcome outcome = run_program(*this, container);
  if (outcome.not_there) {
    container.info = before;
    refuse("E-ENGINE", fmt::format("could not start container {}: {}", name, outcome.err));
  }
  container.out += outcome.out;
  container.err += outcome.err;
  container.ends_with = outcome.exit_code;
  container.ends_at = clock_.monotonic() + kEnding;
}

void SimulatedEngine::signal_container(const std::string& name, const std::string& signal) {
  SimulatedContainer& container = at(name);
  if (!container.info.running()) return;
  if (signal == "SIGKILL") return kill_running(container, End::by_the_engine);
  if (!heeds_signals(container)) return;
  container.stopping = true;
  container.ends_at = clock_.monotonic() + kEnding;
}

// What does not heed the signal is killed when the grace is over.
void SimulatedEngine::stop_container(const std::string& name, std::chrono::seconds grace) {
  SimulatedContainer& container = at(name);
  settle(container);
  if (!container.info.running()) return;
  if (container.stop_signal == "SIGKILL") return kill_running(container, End::by_the_engine);
  if (heeds_signals(container)) return end_running(container, End::by_the_engine);
  if (grace < std::chrono::seconds::zero()) violations.push_back("a stop that never ends: " + name);
  clock_.pause(grace);
  kill_running(container, End::by_the_engine);
}

// The caller learns only the next time of what ended while it waited.
std::optional<int> SimulatedEngine::wait_container(const std::string& name,
                                                   std::chrono::milliseconds patience) {
  SimulatedContainer& container = at(name);
  if (container.info.status == docker::ContainerStatus::created) {
    refuse("E-ENGINE", fmt::format("could not wait for container {}: it was never started", name));
  }
  if (!container.info.running()) return container.info.exit_code;
  clock_.pause(patience);
  settle(container);
  return std::nullopt;
}

void SimulatedEngine::set_restart_policy(const std::string& container, const RestartPolicy& policy) {
  at(container).info.restart = policy;
}

void SimulatedEngine::remove_container(const std::string& name) {
  SimulatedContainer* container = find(name);
  if (container == nullptr) return;
  if (container->server) kill_server(*this, *container);
  const std::set<std::string> anonymous = container->anonymous;
  containers.erase(std::string(container->info.id));
  for (const std::string& volume : anonymous) {
    if (list_containers({.volume = volume}).empty()) volumes.erase(volume);
  }
}

void SimulatedEngine::container_logs(const std::string& name, const Sink& out, const Sink& err) {
  const SimulatedContainer& container = at(name);
  const std::size_t mark = container.out.rfind("end\n");
  const bool late = late_logs > 0 && mark != std::string::npos && mark + 4 == container.out.size();
  if (late) --late_logs;
  if (out) out(late ? std::string_view(container.out).substr(0, mark) : std::string_view(container.out));
  if (err) err(container.err);
}

void SimulatedEngine::get_archive(const std::string& name, const std::string& path, const Sink& sink) {
  const Place place = resolve(at(name), path);
  if (!exists(*place.tree, place.path))
    refuse("E-ENGINE", fmt::format("could not read {} in {}", path, name));
  const std::string tar = archive_tree(*place.tree, place.path, path.substr(path.rfind('/') + 1));
  constexpr std::size_t kPiece = 5000;
  for (std::size_t at = 0; at < tar.size(); at += kPiece) sink(std::string_view(tar).substr(at, kPiece));
}

// The engine extracts as the bytes come: what a source yielded before it failed is there.
void SimulatedEngine::put_archive(const std::string& name, const std::string& path, const Source& source) {
  const Place place = resolve(at(name), path);
  const auto directory = place.tree->find(place.path);
  if (directory == place.tree->end() || directory->second.kind != Node::Kind::directory || place.read_only) {
    refuse("E-ENGINE", fmt::format("cannot extract to {} in {}", path, name));
  }
  std::string tar;
  try {
    std::vector<char> buffer(16384);
    while (const std::size_t count = source(buffer.data(), buffer.size())) tar.append(buffer.data(), count);
  } catch (...) {
    extract_archive(*place.tree, place.path, tar);
    throw;
  }
  extract_archive(*place.tree, place.path, tar);
}

}  // namespace pgupgrade::test
