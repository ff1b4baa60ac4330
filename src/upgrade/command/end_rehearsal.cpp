#include "upgrade/command/end_rehearsal.hpp"

#include "pgupgrade/base/files.hpp"
#include "upgrade/cluster/kept_server.hpp"
#include "upgrade/cluster/socket_directory.hpp"
#include "upgrade/command/made_files.hpp"
#include "upgrade/data/aside.hpp"
#include "upgrade/data/locks.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/work.hpp"

namespace pgupgrade::upgrade {
namespace {

void remove_scratch(const Plan& plan, World& world) {
  remove_leftover_work(world, plan.run_id);
  for (const TargetPlan& target : plan.targets) {
    world.engine.remove_volume(dump_volume_name(plan.run_id, target.service));
    if (!plan.rehearsal.keep) remove_aside(world, plan, target);
    remove_socket_directory(world, plan, target);
    world.probe.reach("end:scratch-removed");
  }
}

std::vector<KeptServer> keep_servers(StepContext& context) {
  std::vector<KeptServer> kept;
  for (const TargetPlan& target : context.plan().targets) {
    const KeptPlace place = keep_server(context, target);
    kept.push_back({.service = target.service,
                    .container = place.container,
                    .user = target.inventory.superuser,
                    .database = place.database,
                    .port = place.port});
  }
  return kept;
}

}  // namespace

std::vector<KeptServer> end_rehearsal(Journal& journal, World& world, Listener& listener) {
  StepContext context{.journal = journal, .world = world, .listener = listener, .step = {}};
  const Plan& plan = journal.state().plan;
  remove_scratch(plan, world);
  std::vector<KeptServer> kept;
  if (plan.rehearsal.keep) kept = keep_servers(context);
  journal.finish(plan.rehearsal.keep ? RunOutcome::succeeded : RunOutcome::cleaned);
  world.probe.reach("end:recorded");
  if (!plan.rehearsal.keep)  // configuration of the user's is among it
    for (const auto& path : made_files(journal.files())) remove_tree(path);
  unlock_data(world, plan);
  return kept;
}

}  // namespace pgupgrade::upgrade
