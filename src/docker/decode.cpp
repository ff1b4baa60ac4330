#include "docker/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::docker {
namespace {

namespace bj = boost::json;

// The engine's zero time: never.
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

[[noreturn]] void misunderstood(const std::string& message) {
  throw Error(ErrorKind::failed, "E-JSON", message);
}

const bj::object& required_object(const bj::object& object, std::string_view key) {
  const bj::object* found = json::find_object(object, key);
  if (found == nullptr) misunderstood(fmt::format("\"{}\": expected an object", key));
  return *found;
}

// For what may be null, but is there in every answer of the engine.
void require_key(const bj::object& object, std::string_view key) {
  if (!object.contains(key)) misunderstood(fmt::format("\"{}\": missing", key));
}

// A number that the engine itself keeps in 32 bits. More is no answer of it: cut off, 4294967296 would read
// as an exit code of 0.
int narrow(std::int64_t number, std::string_view key) {
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max())
    misunderstood(fmt::format("\"{}\": the number is too large", key));
  return static_cast<int>(number);
}

int get_narrow(const bj::object& object, std::string_view key) {
  return narrow(json::get_int(object, key), key);
}

int get_narrow_or(const bj::object& object, std::string_view key, int fallback) {
  return narrow(json::get_int_or(object, key, fallback), key);
}

// The named object, or an empty one.
const bj::object& object_or_empty(const bj::object& object, std::string_view key) {
  static const bj::object empty;
  const bj::object* found = json::find_object(object, key);
  return found == nullptr ? empty : *found;
}

// Calls `use` for each object of an array that may be absent or null.
template <class Use>
void for_each_object(const bj::object& object, std::string_view key, Use use) {
  const bj::array* array = json::find_array(object, key);
  if (array == nullptr) return;
  for (const bj::value& value : *array) use(json::as_object(value, key));
}

std::string without_slash(std::string name) {
  if (!name.empty() && name.front() == '/') name.erase(0, 1);
  return name;
}

constexpr std::array<std::pair<std::string_view, ContainerStatus>, 7> kStatuses{
    {{"created", ContainerStatus::created},
     {"running", ContainerStatus::running},
     {"paused", ContainerStatus::paused},
     {"restarting", ContainerStatus::restarting},
     {"exited", ContainerStatus::exited},
     {"dead", ContainerStatus::dead},
     {"removing", ContainerStatus::removing}}};

ContainerStatus decode_status(const std::string& text) {
  for (const auto& [name, status] : kStatuses) {
    if (name == text) return status;
  }
  misunderstood(fmt::format("\"State.Status\": \"{}\" is not a state of a container", printable(text)));
}

std::vector<Mount> decode_mounts(const bj::object& container, const bj::object& host_config) {
  std::vector<Mount> mounts;
  for_each_object(container, "Mounts", [&](const bj::object& object) {
    const std::string type = json::get_string_or(object, "Type", "");
    Mount mount{.target = json::get_string(object, "Destination"),
                .read_only = !json::get_bool_or(object, "RW", true)};
    if (type == "volume") {
      mount.kind = MountKind::volume;
      mount.source = json::get_string(object, "Name");
    } else if (type == "bind") {
      mount.kind = MountKind::bind;
      mount.source = json::get_string(object, "Source");
    } else if (type == "tmpfs") {
      mount.kind = MountKind::tmpfs;
    } else {
      return;  // an image or a Swarm cluster volume: nothing that holds a user's cluster can be told of it
    }
    mounts.push_back(std::move(mount));
  });
  // A part of a volume is told only by what was asked for.
  for_each_object(host_config, "Mounts", [&](const bj::object& asked) {
    const std::string subpath = json::get_string_or(object_or_empty(asked, "VolumeOptions"), "Subpath", "");
    for (Mount& mount : mounts)
      if (mount.target == json::get_string_or(asked, "Target", "")) mount.subpath = subpath;
  });
  // What `--tmpfs` and Compose's `tmpfs:` ask for is not among "Mounts".
  for (const auto& [target, options] : object_or_empty(host_config, "Tmpfs")) {
    const std::string path(target);
    const bool known =
        std::any_of(mounts.begin(), mounts.end(), [&](const Mount& mount) { return mount.target == path; });
    if (!known) mounts.push_back({.kind = MountKind::tmpfs, .target = path});
  }
  return mounts;
}

std::vector<NetworkAttachment> decode_networks(const bj::object& container) {
  std::vector<NetworkAttachment> networks;
  for (const auto& [name, value] :
       object_or_empty(object_or_empty(container, "NetworkSettings"), "Networks")) {
    NetworkAttachment attachment{.network = std::string(name)};
    if (value.is_object()) {
      attachment.ip_address = json::get_string_or(value.get_object(), "IPAddress", "");
      attachment.ip6_address = json::get_string_or(value.get_object(), "GlobalIPv6Address", "");
      attachment.aliases = json::get_strings(value.get_object(), "Aliases");
    }
    networks.push_back(std::move(attachment));
  }
  return networks;
}

// "/db:/web/alias": the container that is reached, and the name that it has there.
std::vector<std::string> decode_links(const bj::object& host_config) {
  std::vector<std::string> links;
  for (const std::string& link : json::get_strings(host_config, "Links"))
    links.push_back(without_slash(link.substr(0, link.find(':'))));
  return links;
}

// Of the one port that we publish; null where a port is exposed only.
int decode_loopback_port(const bj::object& container) {
  for (const auto& [name, value] : object_or_empty(object_or_empty(container, "NetworkSettings"), "Ports")) {
    if (!value.is_array()) continue;
    for (const bj::value& binding : value.get_array()) {
      const bj::object& place = json::as_object(binding, "port");
      const std::string port = json::get_string_or(place, "HostPort", "");
      if (json::get_string_or(place, "HostIp", "") == "127.0.0.1" && !port.empty()) return std::stoi(port);
    }
  }
  return 0;
}

RestartPolicy decode_restart_policy(const bj::object& host_config) {
  const bj::object& policy = object_or_empty(host_config, "RestartPolicy");
  RestartPolicy decoded;
  const std::string name = json::get_string_or(policy, "Name", "");
  if (!name.empty()) decoded.name = name;
  decoded.maximum_retries = get_narrow_or(policy, "MaximumRetryCount", 0);
  return decoded;
}

void decode_state(const bj::object& state, ContainerInfo& container) {
  container.status = decode_status(json::get_string(state, "Status"));
  container.started_at = json::get_string_or(state, "StartedAt", "");
  container.out_of_memory_killed = json::get_bool_or(state, "OOMKilled", false);
  const bool was_started = !container.started_at.empty() && container.started_at != kNever;
  const bool ended = container.status == ContainerStatus::exited || container.status == ContainerStatus::dead;
  if (was_started && ended) container.exit_code = get_narrow(state, "ExitCode");
  const std::string health = json::get_string_or(object_or_empty(state, "Health"), "Status", "");
  if (health != "none") container.health = health;
}

VolumeInfo decode_volume_object(const bj::object& object) {
  return {.name = json::get_string(object, "Name"),
          .driver = json::get_string_or(object, "Driver", ""),
          .mount_point = json::get_string_or(object, "Mountpoint", ""),
          .created_at = json::get_string_or(object, "CreatedAt", ""),
          .driver_options = json::get_string_map(object, "Options"),
          .labels = json::get_string_map(object, "Labels")};
}

}  // namespace

std::string_view state_name(ContainerStatus status) {
  for (const auto& [name, known] : kStatuses)
    if (known == status) return name;
  return "unknown";
}

EngineInfo decode_info(std::string_view text) {
  const bj::value value = json::parse(text, "the engine's information");
  const bj::object& object = json::as_object(value, "info");
  const std::vector<std::string> security = json::get_strings(object, "SecurityOptions");
  const auto has_option = [&](std::string_view name) {
    return std::any_of(security.begin(), security.end(), [&](const std::string& option) {
      return std::string_view(option).substr(0, option.find(',')) == name;
    });
  };
  return {.id = json::get_string(object, "ID"),
          .version = json::get_string_or(object, "ServerVersion", ""),
          .root_directory = json::get_string_or(object, "DockerRootDir", ""),
          .operating_system = json::get_string_or(object, "OperatingSystem", ""),
          .processors = std::max(1, get_narrow_or(object, "NCPU", 1)),
          .memory_bytes = json::get_int_or(object, "MemTotal", 0),
          .rootless = has_option("name=rootless"),
          .user_namespaces = has_option("name=userns")};
}

ContainerInfo decode_container(std::string_view text) {
  const bj::value value = json::parse(text, "a container");
  const bj::object& object = json::as_object(value, "container");
  const bj::object& config = required_object(object, "Config");
  const bj::object& host_config = required_object(object, "HostConfig");
  ContainerInfo container;
  container.id = json::get_string(object, "Id");
  container.name = without_slash(json::get_string(object, "Name"));
  container.image_reference = json::get_string_or(config, "Image", "");
  container.image_id = json::get_string_or(object, "Image", "");
  decode_state(required_object(object, "State"), container);
  container.entrypoint = json::get_strings(config, "Entrypoint");
  container.command = json::get_strings(config, "Cmd");
  container.environment = json::get_strings(config, "Env");
  container.labels = json::get_string_map(config, "Labels");
  container.user = json::get_string_or(config, "User", "");
  container.tty = json::get_bool_or(config, "Tty", false);
  container.mounts = decode_mounts(object, host_config);
  container.shm_bytes = json::get_int_or(host_config, "ShmSize", 0);
  container.restart = decode_restart_policy(host_config);
  container.network_mode = json::get_string_or(host_config, "NetworkMode", "");
  container.links = decode_links(host_config);
  container.auto_remove = json::get_bool_or(host_config, "AutoRemove", false);
  const boost::json::value* from = host_config.if_contains("VolumesFrom");
  container.volumes_from = from != nullptr && from->is_array() && !from->get_array().empty();
  if (const std::string signal = json::get_string_or(config, "StopSignal", ""); !signal.empty())
    container.stop_signal = signal;
  container.stop_timeout = std::chrono::seconds(json::get_int_or(config, "StopTimeout", 10));
  container.networks = decode_networks(object);
  container.loopback_port = decode_loopback_port(object);
  return container;
}

std::vector<ContainerSummary> decode_containers(std::string_view text) {
  const bj::value value = json::parse(text, "the list of containers");
  if (!value.is_array()) misunderstood("the list of containers: expected an array");
  std::vector<ContainerSummary> containers;
  for (const bj::value& item : value.get_array()) {
    const bj::object& object = json::as_object(item, "container");
    ContainerSummary summary{.id = json::get_string(object, "Id"),
                             .image = json::get_string_or(object, "Image", ""),
                             .state = json::get_string_or(object, "State", ""),
                             .status = json::get_string_or(object, "Status", ""),
                             .labels = json::get_string_map(object, "Labels")};
    // "/client/alias" is the name by which a linked container knows this one.
    for (std::string name : json::get_strings(object, "Names")) {
      name = without_slash(std::move(name));
      if (name.find('/') == std::string::npos) summary.name = name;
    }
    containers.push_back(std::move(summary));
  }
  return containers;
}

VolumeInfo decode_volume(std::string_view text) {
  const bj::value value = json::parse(text, "a volume");
  return decode_volume_object(json::as_object(value, "volume"));
}

std::vector<VolumeInfo> decode_volumes(std::string_view text) {
  const bj::value value = json::parse(text, "the list of volumes");
  const bj::object& list = json::as_object(value, "volumes");
  require_key(list, "Volumes");  // null: there are none
  std::vector<VolumeInfo> volumes;
  for_each_object(list, "Volumes",
                  [&](const bj::object& object) { volumes.push_back(decode_volume_object(object)); });
  return volumes;
}

ImageInfo decode_image(std::string_view text) {
  const bj::value value = json::parse(text, "an image");
  const bj::object& object = json::as_object(value, "image");
  const bj::object& config = object_or_empty(object, "Config");
  ImageInfo image{.id = json::get_string(object, "Id"),
                  .tags = json::get_strings(object, "RepoTags"),
                  .digests = json::get_strings(object, "RepoDigests"),
                  .environment = json::get_strings(config, "Env"),
                  .entrypoint = json::get_strings(config, "Entrypoint"),
                  .command = json::get_strings(config, "Cmd"),
                  .user = json::get_string_or(config, "User", ""),
                  .size_bytes = json::get_int_or(object, "Size", 0)};
  for (const auto& [path, options] : object_or_empty(config, "Volumes")) image.volumes.emplace_back(path);
  std::sort(image.volumes.begin(), image.volumes.end());
  return image;
}

std::string decode_id(std::string_view text) {
  const bj::value value = json::parse(text, "what was created");
  return json::get_string(json::as_object(value, "answer"), "Id");
}

void check_update(std::string_view text) {
  const bj::value value = json::parse(text, "the end of an update");
  require_key(json::as_object(value, "answer"), "Warnings");  // null: there are none
}

int decode_wait(std::string_view text) {
  const bj::value value = json::parse(text, "the end of a container");
  const bj::object& object = json::as_object(value, "answer");
  const std::string problem = json::get_string_or(object_or_empty(object, "Error"), "Message", "");
  if (!problem.empty()) misunderstood("the engine could not wait: " + printable(problem, 600));
  return get_narrow(object, "StatusCode");
}

std::optional<int> decode_exec(std::string_view text) {
  const bj::value value = json::parse(text, "the end of a command");
  const bj::object& object = json::as_object(value, "answer");
  if (json::get_bool_or(object, "Running", false)) return std::nullopt;
  return get_narrow(object, "ExitCode");
}

}  // namespace pgupgrade::docker
