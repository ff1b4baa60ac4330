#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/commands.hpp"
#include "upgrade/cluster/database_restore.hpp"
#include "upgrade/cluster/dump_files.hpp"
#include "upgrade/cluster/new_cluster.hpp"
#include "upgrade/cluster/old_cluster.hpp"
#include "upgrade/cluster/work_server.hpp"
#include "upgrade/data/data_volume.hpp"
#include "upgrade/run/each_target.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/run/target_step.hpp"
#include "upgrade/sandbox/client_work.hpp"
#include "upgrade/steps/steps.hpp"

namespace pgupgrade::upgrade {
namespace {

// Roles, then every database, from the verified dump; the first error ends it. The server runs without fsync
// for speed, which is safe here only because a restore that was cut off begins again with a fresh cluster,
// and one that came to its end is stopped cleanly and synced before it counts.
class RestoreStep final : public TargetStep {
 public:
  std::string_view name() const override { return "restore"; }

  std::string describe(const Plan& plan) const override {
    return each_target(plan, [&](const TargetPlan& target) {
      return fmt::format("{}, {}", databases_of(target),
                         plural(static_cast<std::uint64_t>(plan.jobs), "job"));
    });
  }

  void apply_to(StepContext& context, const TargetPlan& target) override {
    restore(context, target);
    context.record(target, "restored", "yes");
  }

  bool holds_for(StepContext& context, const TargetPlan& target) override {
    return context.recorded(target, "restored");
  }

  // A server that was killed, with the machine say, recovers without its unlogged tables. Leftover ones have
  // been stopped by now.
  bool is_spoilt(StepContext& context, const TargetPlan& target) override {
    if (context.journal.begun(Point::serves)) return false;
    return cluster_state(context, target, new_image_id(context, target), new_data_mount(context, target),
                         target.new_pgdata) != "shut down";
  }

  std::string detail_of(StepContext&, const TargetPlan& target) override { return databases_of(target); }

 private:
  static constexpr const char* kGlobals = "globals-restore.sql";

  static void restore(StepContext& context, const TargetPlan& target) {
    const DumpRecord record = read_dump_record(context, target);
    const OldCluster old_cluster = read_old_cluster(context, target);
    // The wipe has read the dump; in this very process that is a moment ago.
    if (context.journal.was_opened()) verify_dump_digests(context, target, record);
    // An attempt that was cut off has left an unknown part behind; and initdb has not synced what it made, so
    // that a machine which went down since may have lost it.
    if (context.is_repeated(target) || context.journal.was_opened()) create_new_cluster(context, target);
    WorkServer server(context, target, Side::fresh);
    // A session of ours would keep its database from being replaced; it ends here.
    server.start(postgres::restore_settings(memory(context))).reset();
    context.reach("server-started");
    server.used_by([&] { restore_content(context, target, server, record, old_cluster); });
    server.stop();
    context.reach("server-stopped");
    flush_new_cluster(context, target);
  }

  static void restore_content(StepContext& context, const TargetPlan& target, WorkServer& server,
                              const DumpRecord& record, const OldCluster& old_cluster) {
    DatabaseRestore databases(context, target, server, record.databases, old_cluster);
    const std::string globals = postgres::without_superuser_creation(
        read_dump_file(context, target, "globals.sql"), target.inventory.superuser);
    auto files = databases.files();
    files[kGlobals] = globals;
    write_dump_files(context, target, files);
    restore_globals(context, target, server, globals);
    // Before the databases: what is computed in them, a materialized view, goes by these as well.
    std::vector<postgres::RoleSetting> settings;
    for (const auto& [name, value] : old_cluster.all_role_settings)
      settings.push_back({.name = name, .value = value});
    if (!settings.empty()) server.ensure()->set_settings_for_all_roles(settings);
    context.reach("globals-restored");
    databases.carry_out();
    if (!target.role_grants.empty()) server.ensure()->grant_roles(target.role_grants);
  }

  // The share of this one server.
  static std::int64_t memory(StepContext& context) {
    return context.world.engine.info().memory_bytes / context.at_once();
  }

  static void restore_globals(StepContext& context, const TargetPlan& target, const WorkServer& server,
                              const std::string& globals) {
    const postgres::Connection to{.socket = server.socket_in_container(),
                                  .superuser = target.inventory.superuser};
    const std::string file = std::string(kDumpMount) + "/" + kGlobals;
    run_client(context.world, server.client("globals", postgres::run_sql_file(to, "template1", file)),
               {.code = "E-RESTORE",
                .verb = "restore",
                .whole = fmt::format("the roles of service \"{}\"", target.service),
                .database = "",
                .script = globals});
  }
};

}  // namespace

std::unique_ptr<Step> make_restore_step() {
  return std::make_unique<RestoreStep>();
}

}  // namespace pgupgrade::upgrade
