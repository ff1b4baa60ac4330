#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/back/put_back.hpp"
#include "upgrade/cluster/carried_files.hpp"
#include "upgrade/cluster/live_copy.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/planned_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// The standby was found to have all that the old server wrote; from then on it needs no more of it.
constexpr const char* kComplete = "complete";

// The copy becomes a cluster of its own: it has everything up to the old server's last checkpoint, by its
// word and by the same identifier. What it holds is written down, for the new cluster to be held against.
class PromoteStep final : public TargetStep {
 public:
  std::string_view name() const override { return "promote"; }

  std::string describe(const Plan& plan) const override {
    return each_target(
        plan, [&](const TargetPlan&) { return std::string("copy proven complete, its fingerprint taken"); });
  }

  Artefacts artefacts(const RunFiles& files, const Plan&, const TargetPlan& target) const override {
    return {.files = {files.old_cluster(target.service)}, .volumes = {}};
  }

  void apply_to(StepContext& context, const TargetPlan& target) override { promote(context, target); }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return !context.known(target).old_cluster_sha256.empty();
  }

 private:
  static void promote(StepContext& context, const TargetPlan& target) {
    refuse_old_server_that_ran_again(context, target);
    WorkServer server(context, target, Side::old);
    if (context.datum(target, kComplete) != "yes") {
      refuse_other_cluster(context, target, prove_complete(context, target));
      context.record(target, kComplete, "yes");
      context.reach("complete");
    }
    const auto connection = standby(context, target);
    if (connection->standby_state().in_recovery) connection->promote();
    context.reach("promoted");
    OldCluster old_cluster;
    server.used_by([&] { take_content(context, target, *connection, old_cluster); });
    server.stop();
    old_cluster.carried = save_configuration(context, target, list_configuration(context, target));
    context.reach("configuration-saved");
    write_old_cluster(context, target, old_cluster);
  }

  static void take_content(StepContext& context, const TargetPlan& target, postgres::Server& connection,
                           OldCluster& old_cluster) {
    const Inventory now = connection.inventory();
    refuse_changed_cluster(now, target, TakenBy::copy);
    for (const DatabaseFacts& database : now.databases) {
      refuse_unlogged(connection, target, database.name);
      old_cluster.copied[database.name] = {.missing = connection.missing_built_ins(database.name),
                                           .files = connection.relation_files(database.name)};
    }
    for (const auto& setting : connection.settings_for_all_roles())
      old_cluster.all_role_settings[setting.name] = setting.value;
    old_cluster.hidden_settings = hidden_values(target.inventory, now);
    take_old_fingerprint(context, target, connection);
    context.reach("fingerprint-taken");
    for (const DatabaseFacts& database : now.databases)
      connection.clear_column_marks(database.name, postgres::Server::RowsAre::read);
  }

  // Made since the plan.
  static void refuse_unlogged(postgres::Server& connection, const TargetPlan& target,
                              const std::string& database) {
    const auto tables = connection.unlogged_tables(database);
    if (tables.empty()) return;
    throw Error(
        ErrorKind::refused, "E-WARM",
        fmt::format("could not copy service \"{}\": the rows of unlogged tables of database \"{}\" are in no "
                    "copy: {}",
                    target.service, printable(database), printable(join(tables, ", "), 500)),
        "run `pgupgrade rollback`, ALTER TABLE … SET LOGGED, then start over");
  }

  static void refuse_other_cluster(StepContext& context, const TargetPlan& target, const ControlData& old) {
    const auto copy = control_data(context, target, target.old_image_id, old_data_mount(context, target),
                                   target.old_pgdata);
    context.learn(target, [&](TargetState& state) { state.copied_checkpoint = old.checkpoint; });
    if (!old.system_identifier.empty() && old.system_identifier == copy.system_identifier) return;
    throw Error(ErrorKind::failed, "E-STANDBY-LOST",
                fmt::format("the copy of service \"{}\" is of another cluster: {}, not {}", target.service,
                            copy.system_identifier, old.system_identifier),
                "run `pgupgrade rollback`, then start over");
  }
};

}  // namespace

std::unique_ptr<Step> make_promote_step() {
  return std::make_unique<PromoteStep>();
}

}  // namespace pgupgrade::upgrade
