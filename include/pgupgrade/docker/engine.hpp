#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/streams.hpp"
#include "pgupgrade/model/facts.hpp"
#include "pgupgrade/model/mount.hpp"

namespace pgupgrade::docker {

struct EngineInfo {
  std::string id;              // GET /info: ID
  std::string version;         // "28.5.2"
  std::string api_version;     // the negotiated one, "1.44"
  std::string root_directory;  // DockerRootDir
  std::string operating_system;
  int processors = 1;
  std::int64_t memory_bytes = 0;
  bool rootless = false;
  bool user_namespaces = false;  // userns-remap
};

// What a container is created with. Everything of ours is isolated unless said otherwise: no network, no
// restart, no health check, log driver json-file.
struct ContainerSpec {
  std::string name;
  std::string image;                    // reference or id
  std::vector<std::string> entrypoint;  // replaces the image's; empty: the image's
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value
  std::map<std::string, std::string> labels;
  std::string user;  // "uid:gid" or empty for the image's
  std::string working_directory;
  std::vector<Mount> mounts;
  std::int64_t shm_bytes = 0;  // 0: the engine's default
  std::string stop_signal;
  std::string network;        // "host", or "container:ID": that of a running container; empty: none
  int published_port = 0;     // of network "bridge": reached by a free port of the host's loopback
  std::string pid_namespace;  // "container:<id>" shares that one's processes; empty: its own
};

// In what a container is other than the one that it is made like.
struct ContainerChanges {
  std::string image;                                 // reference or id
  std::map<std::string, std::string> environment;    // NAME -> value, in place of what was there
  std::map<std::string, std::string> mount_targets;  // path of a mount in the container -> the new path
};

struct NetworkAttachment {
  std::string network;
  std::string ip_address;  // IPv4, empty when not running
  std::string ip6_address;
  std::vector<std::string> aliases;  // by which other containers of the network reach it, besides its name
};

enum class ContainerStatus { created, running, paused, restarting, exited, dead, removing };
// "running", as the engine writes it.
std::string_view state_name(ContainerStatus status);

struct ContainerInfo {
  std::string id;
  std::string name;             // without the leading slash
  std::string image_reference;  // Config.Image
  std::string image_id;         // sha256:…
  ContainerStatus status = ContainerStatus::created;
  std::optional<int> exit_code;  // only once it has run and ended
  bool out_of_memory_killed = false;
  std::string started_at;  // the engine's text
  std::string health;      // "", "starting", "healthy", "unhealthy"
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value; may hold secrets
  std::map<std::string, std::string> labels;
  std::string user;
  std::vector<Mount> mounts;
  std::int64_t shm_bytes = 0;
  RestartPolicy restart;
  std::vector<NetworkAttachment> networks;
  std::string network_mode;
  std::vector<std::string> links;  // --link on the default bridge: names of the containers that it reaches
  int loopback_port = 0;           // of the host, for its only published port; 0: none, or it does not run
  bool tty = false;
  std::string stop_signal = "SIGTERM";  // what asks it to end
  // After which the engine kills what does not stop, never when negative. Compose's stop_grace_period.
  std::chrono::seconds stop_timeout{10};
  bool auto_remove = false;
  bool volumes_from = false;  // it has volumes of another container (--volumes-from)
  bool running() const {
    return status == ContainerStatus::running || status == ContainerStatus::paused ||
           status == ContainerStatus::restarting;
  }
};

struct ContainerSummary {
  std::string id;
  std::string name;
  std::string image;
  std::string state;   // "running", "exited", …
  std::string status;  // "Up 3 hours"
  std::map<std::string, std::string> labels;
};

struct ContainerFilter {
  std::map<std::string, std::string> labels;  // all must match; an empty value: the label only exists
  std::string volume;                         // a volume's name, or a mount point in the container
  std::string name;                           // exact
};

struct VolumeSpec {
  std::string name;
  std::string driver;  // empty: local
  std::map<std::string, std::string> driver_options;
  std::map<std::string, std::string> labels;
};

struct VolumeInfo {
  std::string name;
  std::string driver;
  std::string mount_point;
  std::string created_at;
  std::map<std::string, std::string> driver_options;
  std::map<std::string, std::string> labels;
};

struct ImageInfo {
  std::string id;
  std::vector<std::string> tags;
  std::vector<std::string> digests;
  std::vector<std::string> environment;
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> volumes;  // VOLUME paths
  std::string user;
  std::int64_t size_bytes = 0;
};

struct PullProgress {
  std::string status;  // "Downloading"
  std::string layer;
  std::int64_t current_bytes = 0;
  std::int64_t total_bytes = 0;
};

struct ExecResult {
  int exit_code = 0;
  std::string standard_output;
  std::string standard_error;
};

// The Docker Engine, as far as this program needs it. Containers are named by id or name.
// Errors, all of them pgupgrade::Error:
//   engine_unreachable "E-ENGINE-UNREACHABLE" / "E-ENGINE-PERMISSION"  no answer; the socket's path is named
//   failed "E-ENGINE"         the engine refused (its own message, the object, the status are in the text)
//   failed "E-ENGINE-CONFLICT"  the same for status 409: the name is taken, the volume is in use
//   failed "E-PULL"           an image could not be pulled; the text has the reason
//   failed "E-ENGINE-STREAM"  a body or frame was cut short, or an error came inside a 200 stream
//   failed "E-ENGINE-TIMEOUT" no answer in time
//   interrupted               the cancellation was requested while waiting
// "Not found" is nothing (std::optional) where the signature says so, and a success of removals; "already
// started/stopped" (304) and "name in use by our own equal object" are handled by the callers.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual EngineInfo info() = 0;

  virtual std::optional<ContainerInfo> inspect_container(const std::string& container) = 0;
  // Stopped ones too.
  virtual std::vector<ContainerSummary> list_containers(const ContainerFilter& filter) = 0;
  virtual std::string create_container(const ContainerSpec& spec) = 0;  // returns the id
  // Makes a container under `name` as `container` was asked for, with `changes`: labels, mounts (its
  // anonymous volumes too), ports, limits, networks with aliases and addresses. What `container` has from its
  // own image, like the path in its environment or its command, comes from the new image instead. Both must
  // be on the engine. Returns the id; the container is not started, and the restart policy is as that of
  // `container`.
  virtual std::string create_like(const std::string& container, const std::string& name,
                                  const ContainerChanges& changes) = 0;
  // The `docker run` line that such a container amounts to, as far as it has a flag for it. Of the
  // environment only what cannot be a secret has its value; the others stand as `-e NAME`, which takes it
  // from the shell.
  virtual std::string run_line(const std::string& container, const std::string& name,
                               const ContainerChanges& changes) = 0;
  virtual void rename_container(const std::string& container, const std::string& name) = 0;
  virtual void start_container(const std::string& container) = 0;
  // Sends `signal` and returns at once; a container that is not running is fine.
  virtual void signal_container(const std::string& container, const std::string& signal) = 0;
  // POST /stop with the container's own signal; waits `grace`, then the engine kills. Returns when stopped.
  virtual void stop_container(const std::string& container, std::chrono::seconds grace) = 0;
  // Waits until it is not running; nothing when `patience` ends first.
  virtual std::optional<int> wait_container(const std::string& container,
                                            std::chrono::milliseconds patience) = 0;
  virtual void set_restart_policy(const std::string& container, const RestartPolicy& policy) = 0;
  // Forced removal with its anonymous volumes; absent is fine.
  virtual void remove_container(const std::string& container) = 0;
  // All output so far (not followed). Either sink may be empty. For a TTY all goes to `out`.
  virtual void container_logs(const std::string& container, const Sink& out, const Sink& err) = 0;
  // A tar of `path` (works on stopped and created containers, and sees their mounts).
  virtual void get_archive(const std::string& container, const std::string& path, const Sink& sink) = 0;
  // Extracts the tar that `source` yields below the directory `path`; numeric owners and modes are kept.
  // The engine leaves owner and mode of `path` itself as they are, whatever a member "./" says.
  virtual void put_archive(const std::string& container, const std::string& path, const Source& source) = 0;
  // Short commands only (their output can be cut; callers check a sentinel).
  virtual ExecResult exec(const std::string& container, const std::vector<std::string>& argv,
                          const std::string& user) = 0;

  virtual std::optional<VolumeInfo> inspect_volume(const std::string& name) = 0;
  virtual void create_volume(
      const VolumeSpec& spec) = 0;  // an equal one there already is fine (the API's rule)
  virtual void remove_volume(const std::string& name) = 0;  // absent is fine; in use is an error
  virtual std::vector<VolumeInfo> list_volumes(const std::map<std::string, std::string>& labels) = 0;

  virtual std::optional<ImageInfo> inspect_image(const std::string& reference) = 0;
  virtual void pull_image(const std::string& reference,
                          const std::function<void(const PullProgress&)>& progress) = 0;
};

}  // namespace pgupgrade::docker
