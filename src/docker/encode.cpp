#include "docker/encode.hpp"

#include <boost/json.hpp>

#include "pgupgrade/base/json.hpp"

namespace pgupgrade::docker {
namespace {

namespace bj = boost::json;

bj::object encode_mount(const Mount& mount) {
  bj::object object{{"Target", mount.target}, {"ReadOnly", mount.read_only}};
  switch (mount.kind) {
    case MountKind::volume:
      object["Type"] = "volume";
      object["Source"] = mount.source;
      break;
    case MountKind::bind:
      object["Type"] = "bind";
      object["Source"] = mount.source;
      break;
    case MountKind::tmpfs:
      object["Type"] = "tmpfs";
      object.erase("ReadOnly");  // the engine has no read-only tmpfs
      break;
  }
  return object;
}

bj::object encode_policy(const RestartPolicy& policy) {
  bj::object object{{"Name", policy.name}};
  // The engine refuses a count for any other policy.
  if (policy.name == "on-failure") object["MaximumRetryCount"] = policy.maximum_retries;
  return object;
}

// On a free port of the host's loopback, which nobody reaches from another machine.
bj::object encode_port(int port) {
  return {{std::to_string(port) + "/tcp", bj::array{bj::object{{"HostIp", "127.0.0.1"}, {"HostPort", ""}}}}};
}

bj::object encode_host_config(const ContainerSpec& spec) {
  bj::array mounts;
  for (const Mount& mount : spec.mounts) mounts.push_back(encode_mount(mount));
  bj::object host{{"NetworkMode", spec.network.empty() ? "none" : spec.network},
                  {"RestartPolicy", encode_policy({})},
                  // Whatever the engine's default driver is: logs must be readable through the API.
                  {"LogConfig", bj::object{{"Type", "json-file"}, {"Config", bj::object{}}}},
                  {"Mounts", std::move(mounts)}};
  if (spec.shm_bytes > 0) host["ShmSize"] = spec.shm_bytes;
  if (spec.published_port != 0) host["PortBindings"] = encode_port(spec.published_port);
  if (!spec.pid_namespace.empty()) host["PidMode"] = spec.pid_namespace;
  return host;
}

bj::array label_filter(const std::map<std::string, std::string>& labels) {
  bj::array values;
  for (const auto& [name, value] : labels)
    values.push_back(bj::string(value.empty() ? name : name + "=" + value));
  return values;
}

}  // namespace

std::string encode_container(const ContainerSpec& spec) {
  bj::object body{{"Image", spec.image},
                  {"Tty", false},
                  {"Env", json::from_strings(spec.environment)},
                  {"Labels", json::from_string_map(spec.labels)},
                  {"Healthcheck", bj::object{{"Test", bj::array{"NONE"}}}},
                  {"HostConfig", encode_host_config(spec)}};
  if (!spec.entrypoint.empty()) body["Entrypoint"] = json::from_strings(spec.entrypoint);
  if (!spec.command.empty()) body["Cmd"] = json::from_strings(spec.command);
  if (!spec.user.empty()) body["User"] = spec.user;
  if (!spec.working_directory.empty()) body["WorkingDir"] = spec.working_directory;
  if (!spec.stop_signal.empty()) body["StopSignal"] = spec.stop_signal;
  if (spec.published_port != 0)
    body["ExposedPorts"] = bj::object{{std::to_string(spec.published_port) + "/tcp", bj::object{}}};
  return bj::serialize(body);
}

std::string encode_restart_policy(const RestartPolicy& policy) {
  return bj::serialize(bj::object{{"RestartPolicy", encode_policy(policy)}});
}

std::string encode_exec(const std::vector<std::string>& argv, const std::string& user) {
  bj::object body{
      {"AttachStdout", true}, {"AttachStderr", true}, {"Tty", false}, {"Cmd", json::from_strings(argv)}};
  if (!user.empty()) body["User"] = user;
  return bj::serialize(body);
}

std::string encode_volume(const VolumeSpec& spec) {
  return bj::serialize(bj::object{{"Name", spec.name},
                                  {"Driver", spec.driver.empty() ? "local" : spec.driver},
                                  {"DriverOpts", json::from_string_map(spec.driver_options)},
                                  {"Labels", json::from_string_map(spec.labels)}});
}

std::string encode_filters(const ContainerFilter& filter) {
  bj::object filters;
  if (!filter.labels.empty()) filters["label"] = label_filter(filter.labels);
  if (!filter.volume.empty()) filters["volume"] = bj::array{bj::string(filter.volume)};
  if (!filter.name.empty()) {
    // The engine takes a regular expression; of what a name may hold only the full stop is special.
    std::string pattern;
    for (const char letter : filter.name)
      pattern += letter == '.' ? std::string("\\.") : std::string(1, letter);
    filters["name"] = bj::array{bj::string("^/" + pattern + "$")};
  }
  return bj::serialize(filters);
}

std::string encode_label_filters(const std::map<std::string, std::string>& labels) {
  bj::object filters;
  if (!labels.empty()) filters["label"] = label_filter(labels);
  return bj::serialize(filters);
}

}  // namespace pgupgrade::docker
