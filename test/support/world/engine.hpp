#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/model/fingerprint.hpp"
#include "support/world/clock.hpp"
#include "support/world/tree.hpp"

namespace pgupgrade::test {

struct SimulatedImage {
  docker::ImageInfo info;
  int major = 0;  // 0: holds no PostgreSQL
  std::string version;
  std::int64_t uid = 999;
  std::int64_t gid = 999;
  std::vector<std::string> locales = {"C", "C.utf8", "POSIX", "en_US.utf8"};
  std::vector<std::string> settings;
  std::map<std::string, std::string> extensions = {{"plpgsql", "1.0"}, {"hstore", "1.8"}};
};

struct ServerProcess {
  std::string data;  // absolute, in the container
  bool fsync = true;
  std::chrono::milliseconds recovered_at{0};  // until then it lets nobody in
};

struct SimulatedContainer {
  docker::ContainerInfo info;
  Tree layer;  // its own files, outside of mounts
  std::string out;
  std::string err;
  std::optional<ServerProcess> server;
  std::optional<int> ends_with;  // a one-shot program that has done its work: its exit code
  bool stopping = false;
  std::chrono::milliseconds ends_at{0};  // when what is about to end has ended
  std::string address;                   // on its network, while it runs
  std::string stop_signal;               // its own, empty: the image's
  std::string pid_namespace;             // as asked for
  int published_port = 0;                // likewise
  std::set<std::string> anonymous;       // volumes that were made for it, and go with it
};

struct SimulatedVolume {
  docker::VolumeInfo info;
  Tree tree;
};

// An engine in memory. Containers run programs that act on the trees of their mounts, so that what a run
// creates, empties and restores is really there, gone and there again.
class SimulatedEngine final : public docker::Engine {
 public:
  explicit SimulatedEngine(Clock& clock) : clock_(clock) {}

  // The scene's own hands.
  void add_image(const std::string& reference, SimulatedImage image);  // on the engine
  SimulatedContainer* find(const std::string& container);
  bool has_name(const std::string& name) const;
  SimulatedContainer& at(const std::string& container);
  SimulatedVolume& volume(const std::string& name) { return volumes.at(name); }
  const SimulatedImage& image_of(const SimulatedContainer& container) const;
  struct Place {
    Tree* tree = nullptr;
    std::string path;
    bool read_only = false;
  };
  Place resolve(SimulatedContainer& container, const std::string& path);
  // The running server whose private socket directory is `source` on this host.
  SimulatedContainer* server_at(const std::string& source);
  void kill(
      const std::string& container);  // as the kernel would when memory is short: a policy brings it back
  bool recovers(const SimulatedContainer& container) const {
    return container.server && clock_.monotonic() < container.server->recovered_at;
  }
  std::int64_t now() const { return clock_.unix_ms() / 1000; }
  std::string stamp() const;

  std::string engine_id = "ENGINE-1";
  std::map<std::string, SimulatedContainer> containers;  // by id
  std::map<std::string, SimulatedVolume> volumes;
  std::map<std::string, SimulatedImage> images;    // by id
  std::map<std::string, std::string> tags;         // reference -> id
  std::map<std::string, SimulatedImage> registry;  // what a pull finds, by reference
  std::map<std::string, Tree> binds;               // host directory -> files
  std::set<std::string> frozen;                    // containers that nobody may start now
  // Names that are given away already to what cannot be seen yet.
  std::map<std::string, std::chrono::milliseconds> reserved_until;
  std::vector<std::string> prepared_transactions;  // of every cluster
  std::string hstore_version = "1.8";              // that the old image can create
  std::vector<ConnectionFacts> connections;        // to every server
  std::map<std::string, std::string> pg_dumps;     // container -> what its pg_dump says of its version
  std::set<std::string> deaf;  // containers, by name, whose first process passes no signal on to the server
  std::string server_host;     // where the servers of services listen; empty: where libpq expects them
  bool is_remote = false;      // the directories of this host do not reach its containers
  std::map<std::string, Objects> lost_objects;  // of databases: what only a rehearsed cluster has
  std::string refusals;                 // what pg_restore says when a new cluster is made of another's schema
  int late_logs = 0;                    // so many times a mark at the end of the logs is not there yet
  std::vector<std::string> violations;  // what must never happen, and did
  std::function<void(SimulatedContainer&)> on_server_stopped;
  std::function<void(const SimulatedContainer&)> on_created;

  docker::EngineInfo info() override;
  std::optional<docker::ContainerInfo> inspect_container(const std::string& container) override;
  std::vector<docker::ContainerSummary> list_containers(const docker::ContainerFilter& filter) override;
  std::string create_container(const docker::ContainerSpec& spec) override;
  std::string run_line(const std::string& container, const std::string& name,
                       const docker::ContainerChanges& changes) override;
  std::string create_like(const std::string& container, const std::string& name,
                          const docker::ContainerChanges& changes) override;
  void rename_container(const std::string& container, const std::string& name) override;
  void start_container(const std::string& container) override;
  void signal_container(const std::string& container, const std::string& signal) override;
  void stop_container(const std::string& container, std::chrono::seconds grace) override;
  std::optional<int> wait_container(const std::string& container,
                                    std::chrono::milliseconds patience) override;
  void set_restart_policy(const std::string& container, const RestartPolicy& policy) override;
  void remove_container(const std::string& container) override;
  void container_logs(const std::string& container, const Sink& out, const Sink& err) override;
  void get_archive(const std::string& container, const std::string& path, const Sink& sink) override;
  void put_archive(const std::string& container, const std::string& path, const Source& source) override;
  docker::ExecResult exec(const std::string& container, const std::vector<std::string>& argv,
                          const std::string& user) override;
  std::optional<docker::VolumeInfo> inspect_volume(const std::string& name) override;
  void create_volume(const docker::VolumeSpec& spec) override;
  void remove_volume(const std::string& name) override;
  std::vector<docker::VolumeInfo> list_volumes(const std::map<std::string, std::string>& labels) override;
  std::optional<docker::ImageInfo> inspect_image(const std::string& reference) override;
  void pull_image(const std::string& reference,
                  const std::function<void(const docker::PullProgress&)>& progress) override;

 private:
  Place place_of(const Mount& mount, const std::string& rest);
  enum class End { by_itself, by_the_engine };
  void finish(SimulatedContainer& container, int code, End end);
  void settle(SimulatedContainer& container);
  void end_running(SimulatedContainer& container, End end);
  void kill_running(SimulatedContainer& container, End end);
  bool heeds_signals(const SimulatedContainer& container) const;
  void make_volumes(SimulatedContainer& container, const docker::ImageInfo& image);

  Clock& clock_;
  int counter_ = 0;
};

// Where the engine keeps its volumes.
inline constexpr const char* kVolumes = "/var/lib/docker/volumes";

// Whether all that is wanted is there; an empty value: any.
bool has_labels(const std::map<std::string, std::string>& wanted,
                const std::map<std::string, std::string>& labels);

}  // namespace pgupgrade::test
