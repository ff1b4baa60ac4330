#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/sandbox/series.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {

enum class Side { old, fresh };  // the cluster that is left, the one that is reached

// A PostgreSQL server that we drive in a work container: no network, no TCP, our own pg_hba.conf, a private
// socket directory that only this user can reach. Its name is fixed by run, service and side, so a server
// that an interrupted run left is found and replaced.
class WorkServer {
 public:
  WorkServer(StepContext& context, const TargetPlan& target, Side side);

  // Starts it with the given extra settings and waits until it accepts connections. `network` is that of a
  // running container, for a standby that is to reach the server there.
  std::unique_ptr<postgres::Server> start(const std::vector<SettingFacts>& settings,
                                          const std::string& network = {});
  bool is_running() const;
  // Connects to the one that runs already, else starts it without extra settings.
  std::unique_ptr<postgres::Server> ensure();
  // Stops it with SIGINT ("fast"), waits as long as it takes, checks that the cluster is "shut down", and
  // removes the container. Fine when it does not run: then nothing is known of the cluster.
  std::optional<ControlData> stop();
  // Removes whatever is left of it, running or not.
  void discard();

  // What a client of it does. Where that fails, the error tells also what the server's own log says of it: a
  // client may be told no more than to look there.
  template <typename Action>
  auto used_by(const Action& action) {
    try {
      return action();
    } catch (const Error& error) {
      fail_with_failures(error);
      throw;
    }
  }

  // Whether the client's sessions write and read values as text that both servers take alike, or compute with
  // what server, database and role say (postgres::exchange_options).
  enum class Values { exchanged, computed };

  // A work container beside the server: its socket, the dump volume, the new image (dumps and restores are
  // always made with the new version's programs).
  WorkSpec client(const std::string& purpose, std::vector<std::string> argv,
                  Values values = Values::exchanged) const;
  // For a series of such a container's.
  SeriesCommand command(std::vector<std::string> argv, Values values) const;
  std::string socket_in_container() const;
  Mount socket_mount() const;
  std::string name() const;  // of the container

 private:
  WorkSpec spec(std::vector<std::string> argv) const;
  std::unique_ptr<postgres::Server> connect(const std::string& container);
  Mount data_mount() const;
  void fail_with_log(const Error& error);
  void fail_with_failures(const Error& error);

  StepContext& context_;
  const TargetPlan& target_;
  Side side_;
};

// The one of an earlier process of the run; nothing when it does not run.
std::unique_ptr<postgres::Server> find_work_server(World& world, const Plan& plan, const TargetPlan& target,
                                                   Side side);

// What an interrupted run left running, of both sides: stopped as WorkServer::stop() does, without a look at
// the cluster. A kill, and the recovery after it, would empty the unlogged tables.
void stop_leftover_servers(World& world, const Plan& plan, const TargetPlan& target);

// Who owns the old data directory, as "uid:gid": the server must run as that user. Looked at once.
std::string old_owner(StepContext& context, const TargetPlan& target);

// Extra settings of a server that must not change what it serves.
std::vector<SettingFacts> read_only_settings();

// The new image's id, as the pull step recorded it.
std::string new_image_id(const StepContext& context, const TargetPlan& target);
// Who owns the new data directory: the service's own user, or the new image's postgres.
std::string new_owner(const StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
