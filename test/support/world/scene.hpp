#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pgupgrade/model/request.hpp"
#include "pgupgrade/upgrade/command/commands.hpp"
#include "support/world/cluster.hpp"
#include "support/world/compose.hpp"
#include "support/world/connector.hpp"
#include "support/world/faulty_engine.hpp"

namespace pgupgrade::test {

// Keeps what a run tells.
class RecordingObserver final : public upgrade::Listener {
 public:
  void step(const upgrade::StepEvent& event) override {
    events.push_back(event);
    if (on_step) on_step(event);
  }
  void progress(const upgrade::Progress&) override {}
  void message(const Diagnostic& diagnostic) override {
    messages.emplace_back(diagnostic.severity, diagnostic.message);
    codes.push_back(diagnostic.code);
  }

  void waiting(const upgrade::Waiting& waiting) override {
    waits.push_back(waiting);
    if (on_waiting) on_waiting();
  }

  std::function<void(const upgrade::StepEvent&)> on_step;
  std::function<void()> on_waiting;
  std::vector<upgrade::StepEvent> events;
  std::vector<std::pair<Severity, std::string>> messages;
  std::vector<std::string> codes;  // of the messages
  std::vector<upgrade::Waiting> waits;
};

struct SceneOptions {
  int new_major = 17;  // from 18 on the mount moves
  int targets = 1;     // db, and db2 with 2
  bool clients = true;
  bool left_behind = true;  // a table belongs to an extension, and a role is granted by the plan
  bool unlogged = true;     // one table is, whose rows go when a server is killed
  bool marked = false;      // the server keeps marks in the catalogs, as newer minor releases do
  std::string strategy = "dump";
  std::optional<Backup> backup = {};  // as with --backup
  bool subdirectory = false;          // PGDATA is a directory in the mount, with somebody's file beside it
  bool edit_files = true;             // else as with --no-edit
  bool keep_going = false;            // as with --keep-going
  bool backup_apart = false;          // as with --backup-dir: "backups" beside the Compose file
  bool keep_dumps = false;            // as with --keep-dumps: "dumps" beside the Compose file
  bool versioned = false;             // PGDATA is /data/15 in a mount at /data
  // Plain containers in place of the project's services, as `docker run` makes them: "db", "web", "worker".
  bool plain = false;
  Hooks hooks = {};
  Rehearsal rehearsal = {};  // with strategy "rehearsal"
};

// A shop on PostgreSQL 15 in a simulated world, with the plan of its upgrade, which the product makes of what
// it observes. Compose file and state are real files in a directory of its own, removed at the end.
class Scene {
 public:
  explicit Scene(SceneOptions options = {});
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  Request request() const;  // as somebody would ask for the upgrade
  Facts observe();          // changes nothing

  // Each call is a process of its own: it begins without faults armed and with what is on disk.
  upgrade::Report start(Until until = Until::end);
  upgrade::Report prepare() { return start(Until::prepared); }
  upgrade::Report carry_on(Until until);
  void die_at(const std::string& place);  // starts, and dies there
  upgrade::Report resume();
  upgrade::Report roll_back(upgrade::NewWrites writes = upgrade::NewWrites::discard);

  upgrade::World world();
  std::filesystem::path state_file() const;
  std::filesystem::path run_directory() const { return root / ".pgupgrade" / plan.run_id; }
  std::filesystem::path compose_file() const { return root / "compose.yaml"; }
  const TargetPlan& target(std::size_t index = 0) const { return plan.targets.at(index); }
  SimulatedContainer& container(const std::string& service);
  Tree& data(std::size_t index = 0);
  // A path of the old data directory within its volume.
  std::string old_path(const std::string& name) const;

  // What is wrong with the world after a success, after a rollback, at a crash; empty when it is sound. After
  // a success those that `given_up` names are to be as before.
  std::string wrong_after_success();
  std::string wrong_after_rollback();
  std::string wrong_at_crash();

  std::filesystem::path root;
  SimulatedClock clock;
  SimulatedEngine engine{clock};
  FaultyEngine faulty{engine};
  SimulatedCompose compose{engine, "shop"};
  SimulatedConnector connector{engine};
  CrashingProbe probe;
  Cancellation cancellation;
  Environment environment;
  RecordingObserver listener;
  Plan plan;
  std::vector<Cluster> original;             // content of each target before the run
  std::map<std::string, Tree> when_stopped;  // volume -> files as the old server left them
  std::set<std::string> given_up;            // services, where a test has one go back alone
  std::string original_compose;
  std::string edited_compose;
  bool old_container_removed = false;  // by the test, so that a way back needs another one

 private:
  void add_images();
  void write_compose_file();
  void fill_volume(std::size_t index);
  void start_services();
  void run_containers();
  void run_container(const std::string& name, const docker::ContainerSpec& spec, const std::string& restart,
                     const std::string& address);
  void make_plan();
  void watch(const std::string& place);
  std::string wrong_with_clients();
  std::string wrong_with_remains();
  std::string wrong_with_upgraded(std::size_t index);
  std::string wrong_with_old(std::size_t index);
  std::string compose_after_success() const;

  SceneOptions options_;
  bool ran_again_ = false;  // the old server, to have its rows compared
  std::string unequal_;     // what a rollback had not put back when it came to starting the old server
};

}  // namespace pgupgrade::test
