#include "upgrade/cluster/kept_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/wait.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/forward_program.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

constexpr const char* kPlace = "/pgupgrade/kept";            // the volume that both containers mount
constexpr const char* kSockets = "/pgupgrade/kept/sockets";  // the server's owner's
constexpr const char* kProgram = "pgupgrade-forward";
constexpr int kPort = 5432;
constexpr std::chrono::minutes kPatience{10};

WorkSpec spec_of(const StepContext& context, const TargetPlan& target, const std::string& purpose,
                 std::vector<std::string> argv) {
  return {.run = context.plan().run_id,
          .service = target.service,
          .purpose = purpose,
          .image = new_image_id(context, target),
          .argv = std::move(argv),
          .mounts = {{.kind = MountKind::volume,
                      .source = kept_volume_name(context.plan().run_id, target.service),
                      .target = kPlace}},
          .user = new_owner(context, target)};
}

void make_volume(StepContext& context, const TargetPlan& target) {
  const std::string name = kept_volume_name(context.plan().run_id, target.service);
  context.world.engine.remove_volume(name);
  context.world.engine.create_volume({.name = name, .labels = {{kRunLabel, context.plan().run_id}}});
}

// "md5" takes SCRAM verifiers as well.
std::string access_file(const StepContext& context, const TargetPlan& target) {
  const std::string owner = new_owner(context, target);
  const std::size_t colon = owner.find(':');
  return backup::tar_of({{.path = "sockets/pg_hba.conf",
                          .content = "local all all md5\n",
                          .mode = 0600,
                          .uid = std::stoll(owner.substr(0, colon)),
                          .gid = std::stoll(owner.substr(colon + 1))}});
}

std::string start_server(StepContext& context, const TargetPlan& target) {
  WorkSpec spec = spec_of(context, target, "kept",
                          postgres::server(target.new_pgdata, target.new_pgdata + "/postgresql.conf",
                                           kSockets, std::string(kSockets) + "/pg_hba.conf", {}));
  spec.environment = target.environment;
  spec.shm_bytes = std::max<std::int64_t>(target.shm_bytes, 1LL << 30);
  spec.stop_signal = "SIGINT";
  for (Mount mount : target.other_mounts) {
    mount.read_only = true;
    spec.mounts.push_back(std::move(mount));
  }
  spec.mounts.push_back(new_data_mount(context, target));
  spec.files = access_file(context, target);
  spec.files_directory = kPlace;
  const std::string id = create_work(context.world, spec);
  context.world.engine.start_container(id);
  return id;
}

void wait_for_server(StepContext& context, const TargetPlan& target, const std::string& container) {
  const std::vector<std::string> ready = {"pg_isready", "--quiet", fmt::format("--host={}", kSockets)};
  bool runs = true;
  const bool accepts = wait_until(context.world.clock, context.world.cancellation, {.most = kPatience}, [&] {
    const auto info = context.world.engine.inspect_container(container);
    runs = info && info->running();
    return !runs || context.world.engine.exec(container, ready, "").exit_code == 0;
  });
  if (runs && accepts) return;
  throw Error(ErrorKind::failed, "E-SERVER-START",
              fmt::format("could not start the rehearsed server of service \"{}\"{}", target.service,
                          log_end(context.world, container)));
}

// It only hands bytes on from clients to the server: the server itself reaches nobody by it.
int open_port(StepContext& context, const TargetPlan& target) {
  WorkSpec spec = spec_of(context, target, "kept-port",
                          {std::string("/") + kProgram, fmt::format("{}/.s.PGSQL.{}", kSockets, kPort)});
  spec.network = "bridge";
  spec.published_port = kPort;
  spec.files = backup::tar_of({{.path = kProgram, .content = std::string(forward_program()), .mode = 0755}});
  const std::string id = create_work(context.world, spec);
  context.world.engine.start_container(id);
  const auto info = context.world.engine.inspect_container(id);
  if (info && info->running() && info->loopback_port != 0) return info->loopback_port;
  throw Error(ErrorKind::failed, "E-SERVER-START",
              fmt::format("could not open a port for the rehearsed server of service \"{}\"{}",
                          target.service, log_end(context.world, id)));
}

// That of the scripts, else the user's own, where there is just one.
std::string database_of(const Plan& plan, const TargetPlan& target) {
  if (!plan.rehearsal.database.empty()) return plan.rehearsal.database;
  const auto names = databases_in_order(target.inventory);
  return names.size() == 3 ? names.back() : "postgres";
}

}  // namespace

KeptPlace keep_server(StepContext& context, const TargetPlan& target) {
  remove_work(context.world, spec_of(context, target, "kept-port", {}));
  remove_work(context.world, spec_of(context, target, "kept", {}));
  make_volume(context, target);
  const std::string container = start_server(context, target);
  context.world.probe.reach("keep:server-started");
  wait_for_server(context, target, container);
  const int port = open_port(context, target);
  context.world.probe.reach("keep:port-open");
  return {.container = work_container_name(context.plan().run_id, target.service, "kept"),
          .database = database_of(context.plan(), target),
          .port = port};
}

}  // namespace pgupgrade::upgrade
